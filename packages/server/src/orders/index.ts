export { type PrebindOrder, readOrder } from './order.ts';
export {
  BROWSER_HEADERS,
  CLAIM_COOKIE,
  ORDER_BYTES_MAX,
  type OrderReply,
  orderRefused,
} from './reply.ts';

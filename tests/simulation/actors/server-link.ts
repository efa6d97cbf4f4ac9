import type { LinkUser } from '../world/link.ts';
import type { ServerMoods } from './server-moods.ts';
import type { ServerVoice } from './server-voice.ts';

/** The server, as its links see it. */
export interface LinkedServer {
  /** Of the links: what an older one brings is late. */
  readonly generation: number;
  arrived(bytes: Uint8Array): void;
  secured(): void;
  gone(): void;
}

/** What the newest link of a server tells it. Bytes handed over are counted on the first one, before anything is sent again. */
export function userOf(server: LinkedServer, moods: ServerMoods, voice: ServerVoice): LinkUser {
  const { generation } = server;
  const isNewest = (): boolean => generation === server.generation;
  return {
    underWay: () => {
      if (isNewest()) moods.cutSometimes();
    },
    arrived: (bytes) => {
      if (isNewest()) server.arrived(bytes);
    },
    secured: () => {
      if (isNewest()) server.secured();
    },
    gone: () => {
      if (isNewest()) server.gone();
    },
    handedOver: (count) => {
      if (generation === 1) voice.handedOver(count);
    },
  };
}

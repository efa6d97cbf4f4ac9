export function bundle(entry: string, format: 'esm' | 'iife'): Promise<Uint8Array>;
export function bundle(entry: string, format: 'esm' | 'iife', outfile: string): Promise<undefined>;

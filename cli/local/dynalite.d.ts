/** What is used of the embedded DynamoDB, which has no types of its own. */
declare module 'dynalite' {
  import type { Server } from 'node:http';

  /** @returns a server that does not listen yet; closing it closes the database too */
  export default function dynalite(options: { path?: string; createTableMs?: number }): Server;
}

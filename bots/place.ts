/** Where a question is asked. */
export interface Place {
  readonly platform: 'discord' | 'slack';
  /** Guild or team; null where there is none, as in direct messages of Discord. */
  readonly workspace: string | null;
  /** For a thread, the channel that it belongs to: what is set for a channel holds for its threads. */
  readonly channel: string;
  /** Whether only the person and the bot are there. */
  readonly isDirect: boolean;
}

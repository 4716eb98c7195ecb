import * as z from 'zod';

/**
 * One piece of work of the chat worker: what a platform has sent, verified and as it was parsed. The
 * platform's own code reads the payload.
 */
export const chatJobSchema = z.object({
  platform: z.enum(['discord', 'slack']),
  /** The same for the same event, however often the platform sends it. */
  id: z.string().min(1),
  payload: z.unknown(),
});

export type ChatJob = z.infer<typeof chatJobSchema>;

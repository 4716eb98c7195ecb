import * as z from 'zod';

/** Zod would try whether it may compile schemas with `new Function`, which the page's policy forbids. */
z.config({ jitless: true });

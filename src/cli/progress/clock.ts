/** Where time comes from. */
export interface Clock {
  /** Milliseconds since some moment. */
  now(): number;
  /** Does something again and again until the function that it gives is called. */
  every(milliseconds: number, work: () => void): () => void;
}

export const SYSTEM_CLOCK: Clock = {
  now: () => performance.now(),
  every(milliseconds, work) {
    const timer = setInterval(work, milliseconds);
    // Nobody stays for the sake of being shown something.
    timer.unref();
    return () => clearInterval(timer);
  },
};

// The search: one box answers what comes next, all of them run designs. What is decided is decided by the module in the
// boxes, which is the command line's own code.

import { Withdrawn } from "./box.js";

export class Search {
  #boxes;
  #asked;
  #plan;
  #ended = false;
  #reports = false;

  /** What has come back so far, in the order in which it came. */
  trials = [];
  /** The cheapest so far and the frontier so far, by their places. */
  best = null;
  frontier = [];

  /** `boxes` are free; `asked` is {document, vary, goal} and `plan` the answer to it. */
  constructor(boxes, asked, plan) {
    this.#boxes = boxes;
    this.#asked = asked;
    this.#plan = plan;
  }

  /** Runs to the end, or until it is cancelled; `moved` is called after each design. Gives the report. */
  async run(moved) {
    const { document, goal } = this.#asked;
    const { floors, edits, offered } = this.#plan;
    const [first] = this.#boxes;
    try {
      while (!this.#ended) {
        const step = await first.ask({ ask: "step", floors, goal, trials: this.trials });
        [this.best, this.frontier] = [step.best, step.frontier];
        moved();
        if (step.finished) break;
        const jobs = [...step.jobs];
        await Promise.all(this.#boxes.map(async (box) => {
          for (let job = jobs.shift(); job !== undefined && !this.#ended; job = jobs.shift()) {
            this.trials.push(await box.ask({ ask: "run", document, edits: edits[job.candidate], job, offered }));
            moved();
          }
        }));
      }
    } catch (error) {
      if (!this.#ended || !(error instanceof Withdrawn)) throw error;
    }
    this.#reports = true;
    return this.#boxes[0].ask({ ask: "report", ...this.#asked, trials: this.trials });
  }

  /** Gives up what is under way; the report is about what has come back. Whether there was anything: a search that is
   * reporting has come to its end. */
  cancel() {
    if (this.#reports) return false;
    this.#ended = true;
    // All but the first end, which is still to report: its question goes to a new run.
    this.#boxes.slice(1).forEach((box) => box.end());
    this.#boxes[0].withdraw();
    return true;
  }
}

// What the main thread of a page does, by the browser's own trace.

/// The tasks of the page's main thread while `act` goes on, in milliseconds, the longest first. `own` is the time
/// that the thread itself ran: unlike the time in all it does not depend on what else this machine does.
export async function tasksDuring(browser, page, act) {
  const categories = ["toplevel", "devtools.timeline", "disabled-by-default-devtools.timeline"];
  await browser.startTracing(page, { categories });
  await act();
  const { traceEvents: events } = JSON.parse((await browser.stopTracing()).toString());
  const thread = ({ pid, tid }) => `${pid}/${tid}`;
  const drawn = new Set(events.filter(({ name }) => name === "FireAnimationFrame").map(thread));
  const tasks = events.filter((event) => event.name === "RunTask" && event.ph === "X" && drawn.has(thread(event)));
  return tasks
    .map(({ dur, tdur }) => ({ own: (tdur ?? dur) / 1_000, wall: dur / 1_000 }))
    .sort((one, other) => other.own - one.own);
}

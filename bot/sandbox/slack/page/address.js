/** The part of the state that lives in the URL: the acting person, the open channel and tab, the theme and the inspector. */

export const FIRST = { as: "U0JOHN", channel: "C0SALES" };

/** @returns {{as: string, channel: string, tab: "home" | "messages", theme: string | null, inspector: boolean}} */
export function readAddress() {
  const query = new URLSearchParams(location.search);
  return {
    as: query.get("as") || FIRST.as,
    channel: query.get("channel") || FIRST.channel,
    tab: query.get("tab") === "home" ? "home" : "messages",
    theme: query.get("theme"),
    inspector: query.get("inspector") === "1",
  };
}

/**
 * @param {Record<string, string | null>} changes null removes a name
 * @param {{replace?: boolean}} [how] replace: no new entry in the browser's history
 */
export function writeAddress(changes, { replace = false } = {}) {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) query.delete(name);
    else query.set(name, value);
  }
  const url = `${location.pathname}?${query}`;
  if (url === location.pathname + location.search) return;
  history[replace ? "replaceState" : "pushState"](null, "", url);
}

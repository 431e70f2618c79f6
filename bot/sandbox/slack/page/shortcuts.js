/** The app's shortcuts: beside the message box, and on every message that isn't ephemeral. */

import * as api from "./api.js";
import { forward, forwardTargets } from "./content.js";
import { Menu } from "./menu.js";

/** @param {import("./hosts.js").Page} page @returns {HTMLElement} hidden while the app has none */
export function globalShortcuts(page) {
  const menu = menuOf(page, "global", {
    icon: "bolt",
    label: "Shortcuts",
    testid: "shortcuts",
    className: "composer-tool",
    use: (callback) => api.useShortcut(page.store.me.id, callback),
  });
  page.extras.follow(() => {
    menu.node.hidden = !page.extras.shortcutsFor("global").length;
  });
  return menu.node;
}

/**
 * @param {import("./hosts.js").Page} page
 * @param {string} message its id
 * @returns {HTMLElement}
 */
export function messageShortcuts(page, message) {
  const menu = menuOf(page, "message", {
    icon: "more",
    label: "More actions",
    testid: "message-actions",
    className: "message-tool",
    align: "end",
    use: (callback) => api.useShortcut(page.store.me.id, callback, message),
    more: () => forwardTargets(page),
    useMore: (channel) => forward(page, message, channel),
  });
  return menu.node;
}

function menuOf(page, kind, { use, more, useMore, ...look }) {
  return new Menu({
    ...look,
    groups: () =>
      [{ label: "Chakra", options: page.extras.shortcutsFor(kind).map(asOption) }, more?.()].filter(Boolean),
    onChoose: async ({ value, raw }) => {
      if (raw?.forward) return useMore(value);
      const answer = await use(value);
      if (!answer.ok) page.notices.toast(answer.error ?? "The app didn't respond. Try again.");
    },
  });
}

const asOption = ({ callback_id, name, description }) => ({
  value: callback_id,
  label: name,
  description: description || undefined,
});

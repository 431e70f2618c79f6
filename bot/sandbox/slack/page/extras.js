/**
 * The demo's extras: the app's shortcuts, and things to try.
 *
 * @typedef {{callback_id: string, name: string, description: string, kind: "global" | "message"}} Shortcut
 * @typedef {{name: string, type: string, note: string, size: number, url: string}} Sample
 * @typedef {{title: string, line: string, rows: {text: string, note: string}[], samples: Sample[], in_forms: boolean}} Tip
 *   in `line` a row replaces `{}`; in_forms: whether a form has a field for it
 */

import { loadExtras } from "./api.js";

export class Extras extends EventTarget {
  shortcuts = /** @type {Shortcut[]} */ ([]);
  tips = /** @type {Tip[]} */ ([]);
  /** Whether the demo has customers on WhatsApp. */
  phones = false;

  /** @param {import("./state.js").Store} store after each reset the demo may have been restarted */
  constructor(store) {
    super();
    store.on("reset", () => this.#load());
  }

  /** @param {"global" | "message"} kind */
  shortcutsFor(kind) {
    return this.shortcuts.filter((shortcut) => shortcut.kind === kind);
  }

  /** @param {() => void} listener runs now, and when the extras change */
  follow(listener) {
    listener();
    this.addEventListener("change", listener);
  }

  async #load() {
    const { shortcuts, tips, phones } = await loadExtras();
    const before = [this.shortcuts, this.tips, this.phones];
    if (JSON.stringify([shortcuts, tips, phones]) === JSON.stringify(before)) return;
    Object.assign(this, { shortcuts, tips, phones });
    this.dispatchEvent(new Event("change"));
  }
}

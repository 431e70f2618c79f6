/** The connection to the demo: the full state first, then changes, and again after a reconnect. */

import { eventsUrl, loadState, UnknownPerson } from "./api.js";

const RETRY_MS = [500, 1000, 2000, 3000];

export class Connection {
  #source = /** @type {EventSource | null} */ (null);
  #timer = 0;
  #failures = 0;

  /**
   * @param {import("./state.js").Store} store
   * @param {{wantedChannel: () => string, onNotice: (text: string) => void, onUnknownPerson: (id: string) => void}} hooks
   */
  constructor(store, hooks) {
    this.store = store;
    this.hooks = hooks;
  }

  /** Connects as this person instead of the previous one. */
  open(as) {
    this.close();
    const source = new EventSource(eventsUrl(as));
    this.#source = source;
    const apply = this.#subscribe(source);
    source.onopen = () => this.#refresh(as, source, apply);
    source.onerror = () => this.#lost(as, source);
  }

  close() {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
  }

  async #refresh(as, source, applyWaiting) {
    try {
      const state = await loadState(as);
      if (this.#source !== source) return;
      this.#failures = 0;
      this.store.reset(state, this.hooks.wantedChannel());
      this.store.setConnection("live");
      applyWaiting();
    } catch (error) {
      if (error instanceof UnknownPerson) this.#unknown(as, source);
      else this.#lost(as, source);
    }
  }

  /** Holds events until the state has arrived. @returns {() => void} releases them */
  #subscribe(source) {
    let waiting = /** @type {(() => void)[] | null} */ ([]);
    const listen = (name, apply) =>
      source.addEventListener(name, (event) => {
        const change = () => apply(JSON.parse(event.data));
        if (waiting) waiting.push(change);
        else change();
      });
    listen("message", (message) => this.store.put(message));
    listen("delete", ({ channel, id }) => this.store.remove(channel, id));
    listen("views", (views) => this.store.setViews(views));
    listen("payload", (payload) => this.store.addPayload(payload));
    listen("pane", (pane) => this.store.fillPane(pane));
    listen("phones", () => this.store.changePhones());
    listen("notice", ({ text }) => this.hooks.onNotice(text));
    return () => {
      waiting?.forEach((change) => change());
      waiting = null;
    };
  }

  #unknown(as, source) {
    if (this.#source !== source) return;
    this.close();
    this.hooks.onUnknownPerson(as);
  }

  /** A stream that never opened may be for an unknown person: only the state request can tell. */
  #lost(as, source) {
    if (this.#source !== source) return;
    this.close();
    const wait = RETRY_MS[Math.min(this.#failures, RETRY_MS.length - 1)];
    this.#failures += 1;
    if (this.#failures > 1 || this.store.connection === "live") this.store.setConnection("lost");
    this.#timer = setTimeout(() => this.#retry(as), wait);
  }

  async #retry(as) {
    try {
      await loadState(as);
    } catch (error) {
      if (error instanceof UnknownPerson) return this.hooks.onUnknownPerson(as);
    }
    this.open(as);
  }
}

/** The panel with the wire traffic in both directions, newest first. */

import { loadPayloads } from "./api.js";
import { arrange, h } from "./dom.js";
import { icon, iconButton } from "./icons.js";
import { asText, prettyJson } from "./json.js";
import { clockSeconds } from "./times.js";

const MAX_ROWS = 400;
const COPIED_MS = 1500;

/** @typedef {{n: number, at: number, direction: string, kind: string, summary: string, status: number | string, ms: number | null,
 *   request: any, response: any}} Payload */

export class Inspector {
  #rows = /** @type {Map<number, {payload: Payload, node: HTMLElement, text: string}>} */ (new Map());

  /** @param {HTMLElement} node @param {import("./state.js").Store} store @param {{close: () => void}} actions */
  constructor(node, store, { close }) {
    this.node = node;
    this.filter = h("input", {
      type: "search",
      class: "box",
      placeholder: "Filter by type, ID or text",
      "aria-label": "Filter payloads",
      data: { testid: "inspector-filter" },
      on: { input: () => this.#draw() },
    });
    this.list = h("ol", { class: "payloads" });
    this.none = h("p", { class: "payloads-none" });
    node.append(
      h(
        "header",
        { class: "pane-head" },
        h("h2", {}, "Payloads"),
        iconButton("close", "Close payloads", close),
      ),
      h("div", { class: "inspector-filter" }, this.filter),
      this.none,
      this.list,
    );
    node.addEventListener("keydown", (event) => event.key === "Escape" && close());
    store.on("payload", (payload) => this.#add([payload]));
    store.on("reset", () => this.isOpen && this.#load());
    // A restarted demo counts from one again.
    store.on("connection", () => store.connection === "lost" && this.#rows.clear());
  }

  get isOpen() {
    return !this.node.hidden;
  }

  toggle(open) {
    this.node.hidden = !open;
    if (open) this.#load();
  }

  async #load() {
    try {
      this.#add(await loadPayloads(0));
    } catch {
      this.none.textContent = "Couldn't load the payloads. They'll load when the connection is back.";
    }
  }

  /** @param {Payload[]} payloads */
  #add(payloads) {
    for (const payload of payloads.filter(({ n }) => !this.#rows.has(n))) {
      const { direction, kind, summary, status, request, response } = payload;
      const text = [direction, kind, summary, status, asText(request), asText(response)]
        .join(" ")
        .toLowerCase();
      this.#rows.set(payload.n, { payload, node: row(payload), text });
    }
    for (const n of [...this.#rows.keys()].sort((a, b) => a - b).slice(0, -MAX_ROWS)) this.#rows.delete(n);
    if (this.isOpen) this.#draw();
  }

  #draw() {
    const words = this.filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const shown = [...this.#rows.values()]
      .filter(({ text }) => words.every((word) => text.includes(word)))
      .sort((a, b) => b.payload.n - a.payload.n);
    arrange(
      this.list,
      shown.map(({ node }) => node),
    );
    this.none.textContent = this.#rows.size
      ? `Nothing matches “${this.filter.value}”.`
      : "Nothing yet. Type a command to see what is sent to the app, and how it responds.";
    this.none.hidden = shown.length > 0;
  }
}

/** @param {Payload} payload */
function row(payload) {
  const out = payload.direction === "to the app";
  const details = h(
    "details",
    {},
    h(
      "summary",
      {},
      h(
        "span",
        { class: `direction ${out ? "out" : "in"}`, title: payload.direction },
        icon(out ? "up" : "down"),
        h("span", { class: "unseen" }, payload.direction),
      ),
      h("span", { class: "payload-kind" }, payload.kind),
      h("span", { class: `status ${mood(payload)}` }, payload.status ? String(payload.status) : "no answer"),
      h("span", { class: "payload-summary", dir: "auto" }, payload.summary),
      h(
        "span",
        { class: "payload-meta" },
        `${clockSeconds(payload.at)}${payload.ms === null || payload.ms === undefined ? "" : ` · ${Math.round(payload.ms)} ms`}`,
      ),
    ),
  );
  details.addEventListener("toggle", () => {
    if (details.open && details.children.length === 1)
      details.append(part("Request", payload.request), part("Response", payload.response));
  });
  return h("li", { data: { testid: "payload", kind: payload.kind, n: payload.n } }, details);
}

/** Slack's errors have status 200, so the body matters too. */
function mood({ status, response }) {
  if (!status || Number(status) >= 400) return "bad";
  return response?.ok === false ? "odd" : "good";
}

function part(title, value) {
  if (value === null || value === undefined || value === "")
    return h("p", { class: "payload-empty" }, `${title}: empty`);
  const label = h("span", {}, "Copy");
  const copy = async () => {
    label.textContent = await navigator.clipboard.writeText(asText(value)).then(
      () => "Copied",
      () => "Select and copy by hand",
    );
    setTimeout(() => {
      label.textContent = "Copy";
    }, COPIED_MS);
  };
  return h(
    "section",
    {},
    h(
      "div",
      { class: "payload-part" },
      h("h3", {}, title),
      h("button", { type: "button", class: "text-button", on: { click: copy } }, icon("copy"), label),
    ),
    prettyJson(value),
  );
}

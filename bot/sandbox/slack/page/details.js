/** The pane beside a link's preview: what the app shows only to the person who opened it. */

import { arrange, h, keepingFocus } from "./dom.js";
import { iconButton } from "./icons.js";
import { entityButtons, tell } from "./previews.js";
import { fullTime } from "./times.js";

/** @typedef {{message: string, url: string, entity: any | null, error: any | null}} Pane */

/** Slack waits this long for the app. */
const WAIT_MS = 3500;

export class DetailsPane {
  #timer = 0;

  /**
   * @param {HTMLElement} node
   * @param {import("./hosts.js").Page} page
   * @param {{close: () => void}} actions
   */
  constructor(node, page, { close }) {
    this.node = node;
    this.page = page;
    this.content = h("div", {
      class: "thread-list details",
      tabindex: "0",
      role: "region",
      "aria-label": "Details",
      "aria-live": "polite",
    });
    const refresh = () => {
      const { pane } = page.store;
      if (!pane) return;
      page.store.openPane({ ...pane, entity: null, error: null });
      tell(page, { do: "refresh", message: pane.message, url: pane.url });
    };
    node.append(
      h(
        "header",
        { class: "pane-head" },
        h("h2", {}, "Details"),
        h(
          "span",
          {},
          iconButton("refresh", "Refresh", refresh, { data: { testid: "details-refresh" } }),
          iconButton("close", "Close the details", close, { data: { testid: "details-close" } }),
        ),
      ),
      h("p", { class: "only-you details-note" }, "Only visible to you"),
      this.content,
    );
    node.addEventListener("keydown", (event) => event.key === "Escape" && close());
    for (const event of ["reset", "channel", "tab", "pane"]) page.store.on(event, () => this.#draw());
  }

  #draw() {
    const { pane } = this.page.store;
    const wasHidden = this.node.hidden;
    this.node.hidden = !pane;
    clearTimeout(this.#timer);
    if (!pane) return;
    if (!pane.entity && !pane.error) this.#timer = setTimeout(() => this.#giveUp(pane), WAIT_MS);
    keepingFocus(this.node, () => arrange(this.content, this.#parts(pane)));
    if (wasHidden) this.content.focus({ preventScroll: true });
  }

  #giveUp(pane) {
    const error = { custom_title: "Couldn't load the details", custom_message: "The app didn't respond in time." };
    if (this.page.store.pane === pane) this.page.store.fillPane({ ...pane, error });
  }

  /** @param {Pane} pane */
  #parts({ entity, error }) {
    if (error) return [h("h3", {}, error.custom_title ?? error.status), h("p", { dir: "auto" }, error.custom_message ?? "")];
    if (!entity) return [h("p", { class: "fine" }, "Loading…")];
    const { attributes, custom_fields: fields = [], actions } = entity.entity_payload;
    const press = (action) => tell(this.page, { do: "press_in_pane", action_id: action.action_id });
    const about = [attributes.product_name, attributes.display_type, attributes.display_id].filter(Boolean);
    return [
      h("p", { class: "fine", dir: "auto" }, about.join(" · ")),
      h("h3", { dir: "auto" }, attributes.title.text),
      h("dl", { class: "details-fields" }, fields.flatMap(pair)),
      entityButtons(actions, press),
    ].filter(Boolean);
  }
}

function pair({ label, type, value }) {
  const shown = type === "slack#/types/timestamp" ? fullTime(value) : String(value);
  return [h("dt", { dir: "auto" }, label), h("dd", { dir: "auto" }, shown)];
}

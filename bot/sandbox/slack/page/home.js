/** The app's tabs: Home, which the app publishes for each person, and Messages. */

import * as api from "./api.js";
import { renderBlock } from "./blocks/blocks.js";
import { arrange, h, keepingFocus } from "./dom.js";
import { Form } from "./form.js";
import { hostOf } from "./hosts.js";
import { adopt } from "./viewstate.js";

const LABELS = { home: "Home", messages: "Messages" };

export class AppHome {
  #announced = "";
  #viewId = "";

  /**
   * @param {{tabs: HTMLElement, home: HTMLElement}} nodes
   * @param {import("./hosts.js").Page} page
   * @param {{openTab: (tab: "home" | "messages") => void}} actions
   */
  constructor({ tabs, home }, page, { openTab }) {
    this.tabs = tabs;
    this.home = home;
    this.page = page;
    this.openTab = openTab;
    for (const event of ["reset", "channel", "tab", "views"]) page.store.on(event, () => this.#draw());
  }

  #draw() {
    const { store } = this.page;
    const inApp = store.channel?.kind === "im";
    this.#announce(inApp);
    this.tabs.hidden = !inApp || store.tabs.length < 2;
    this.home.hidden = !store.atHome;
    keepingFocus(this.tabs, () => arrange(this.tabs, store.tabs.map((tab) => this.#tab(tab))));
    if (store.atHome) this.#drawHome(store.home);
  }

  /** Slack notifies the app each time a person opens one of its tabs. */
  async #announce(inApp) {
    const { me, atHome } = this.page.store;
    const tab = atHome ? "home" : "messages";
    const opened = inApp ? `${me?.id}/${tab}` : "";
    if (opened === this.#announced) return;
    this.#announced = opened;
    if (opened) await api.openTab(me.id, tab);
  }

  #tab(tab) {
    const { store } = this.page;
    const selected = tab === (store.atHome ? "home" : "messages");
    return h(
      "button",
      {
        type: "button",
        role: "tab",
        id: `tab-${tab}`,
        "aria-selected": String(selected),
        "aria-controls": tab === "home" ? "home" : "timeline",
        tabindex: selected ? "0" : "-1",
        data: { testid: `tab-${tab}`, key: `tab-${tab}` },
        on: { click: () => this.openTab(tab), keydown: (event) => this.#key(event) },
      },
      LABELS[tab],
    );
  }

  #key(event) {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    event.preventDefault();
    this.openTab(this.page.store.atHome ? "messages" : "home");
    this.tabs.querySelector('[aria-selected="true"]')?.focus();
  }

  /** @param {import("./state.js").View | null} view null until the app publishes one */
  #drawHome(view) {
    if (!view) {
      arrange(this.home, [h("p", { class: "home-empty" }, "This app has published nothing here yet.")]);
      return;
    }
    if (view.id !== this.#viewId) {
      this.#viewId = view.id;
      this.form = new Form();
      adopt(this.form, view, (id) => this.page.store.nameOf(id));
    }
    this.form.keep(view.blocks);
    const host = hostOf(this.page, "home", { view: view.id }, this.form);
    keepingFocus(this.home, () => arrange(this.home, view.blocks.map((block) => renderBlock(block, host))));
  }
}

/** The line above the messages: which channel this is, and the page's own switches. */

import { arrange, h } from "./dom.js";
import { icon } from "./icons.js";
import { CHANNEL_ICONS } from "./sidebar.js";
import { applyTheme, theme, toggleTheme } from "./theme.js";

export class Topbar {
  /**
   * @param {HTMLElement} node
   * @param {import("./state.js").Store} store
   * @param {{toggleSidebar: () => void, toggleInspector: () => void}} actions
   */
  constructor(node, store, { toggleSidebar, toggleInspector }) {
    this.store = store;
    this.title = h("h1", { id: "channel-title" });
    this.topic = h("p", { class: "topic", dir: "auto" });
    this.members = h("span", { class: "members" });
    this.theme = h("button", { type: "button", class: "bar-button", data: { testid: "theme-toggle" }, on: { click: () => { toggleTheme(); showTheme(); } } });
    this.inspector = h(
      "button",
      { type: "button", class: "bar-button", "aria-pressed": "false", title: "What goes over the wire", data: { testid: "inspector-toggle" }, on: { click: toggleInspector } },
      icon("payloads"), h("span", { class: "bar-label" }, "Payloads"),
    );
    node.append(
      h("button", { type: "button", class: "bar-button only-narrow", "aria-label": "People and channels", "aria-controls": "sidebar", data: { testid: "sidebar-toggle" }, on: { click: toggleSidebar } }, icon("menu")),
      h("div", { class: "bar-title" }, this.title, this.topic),
      this.members, this.theme, this.inspector,
    );
    const showTheme = applyTheme(() => this.#drawTheme());
    for (const event of ["reset", "channel"]) store.on(event, () => this.#draw());
  }

  showInspector(open) {
    this.inspector.setAttribute("aria-pressed", String(open));
  }

  #drawTheme() {
    const dark = theme() === "dark";
    const label = dark ? "Light theme" : "Dark theme";
    arrange(this.theme, [icon(dark ? "sun" : "moon")]);
    this.theme.setAttribute("aria-label", label);
    this.theme.title = label;
  }

  #draw() {
    const { channel, team } = this.store;
    if (!channel) return;
    arrange(this.title, [icon(CHANNEL_ICONS[channel.kind]), h("span", { dir: "auto" }, channel.name)]);
    this.topic.textContent = channel.topic;
    const people = channel.members.length;
    this.members.hidden = channel.kind === "im";
    arrange(this.members, [icon("people"), h("span", {}, String(people))]);
    this.members.title = people === 1 ? "1 member" : `${people} members`;
    document.title = `${channel.kind === "im" ? "" : "#"}${channel.name} – ${team.name} sandbox`;
  }
}

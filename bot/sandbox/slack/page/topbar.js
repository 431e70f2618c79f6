/** The bar above the messages: the channel, and the page's controls. */

import { appMark } from "./avatar.js";
import { arrange, h } from "./dom.js";
import { CHANNEL_ICONS, icon, iconButton } from "./icons.js";
import { channelLabel } from "./state.js";
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
    this.theme = h("button", {
      type: "button",
      class: "bar-button",
      data: { testid: "theme-toggle" },
      on: { click: () => this.#switchTheme() },
    });
    this.inspector = h(
      "button",
      {
        type: "button",
        class: "bar-button",
        "aria-pressed": "false",
        title: "Requests and responses",
        data: { testid: "inspector-toggle" },
        on: { click: toggleInspector },
      },
      icon("payloads"),
      h("span", { class: "bar-label" }, "Payloads"),
    );
    node.append(
      iconButton("menu", "People and channels", toggleSidebar, {
        class: "bar-button only-narrow",
        "aria-controls": "sidebar",
        data: { testid: "sidebar-toggle" },
      }),
      h("div", { class: "bar-title" }, this.title, this.topic),
      this.members,
      this.theme,
      this.inspector,
    );
    this.showTheme = applyTheme(() => this.#drawTheme());
    for (const event of ["reset", "channel"]) store.on(event, () => this.#draw());
  }

  showInspector(open) {
    this.inspector.setAttribute("aria-pressed", String(open));
  }

  #switchTheme() {
    toggleTheme();
    this.showTheme();
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
    const mark = channel.kind === "im" ? appMark("small") : icon(CHANNEL_ICONS[channel.kind]);
    arrange(this.title, [mark, h("span", { dir: "auto" }, channel.name)]);
    this.topic.textContent = channel.topic;
    const people = channel.members.length;
    this.members.hidden = channel.kind === "im";
    arrange(this.members, [icon("people"), h("span", {}, String(people))]);
    this.members.title = people === 1 ? "1 member" : `${people} members`;
    document.title = `${channelLabel(channel)} – ${team.name} sandbox`;
  }
}

/** The sidebar: workspace, person switcher, channels. */

import { appMark } from "./avatar.js";
import { arrange, h } from "./dom.js";
import { CHANNEL_ICONS, icon, iconButton } from "./icons.js";
import { PersonSwitcher } from "./people.js";

const SECTIONS = [
  { title: "Channels", kinds: ["public", "private"] },
  { title: "Shared with others", kinds: ["shared"] },
  { title: "Direct messages", kinds: ["group", "pair"] },
  { title: "Apps", kinds: ["im"] },
];

const SPOKEN = { public: "", private: "private, ", shared: "shared, ", im: "app, ", group: "group, ", pair: "" };

export class Sidebar {
  /**
   * @param {HTMLElement} node
   * @param {import("./hosts.js").Page} page
   * @param {{become: (person: string) => void, jump: () => void}} actions
   */
  constructor(node, page, { become, jump }) {
    this.node = node;
    this.page = page;
    this.team = h("span", { class: "team-name" });
    this.channels = h("div", { class: "channels" });
    const people = new PersonSwitcher(page.store, become);
    node.append(
      h(
        "div",
        { class: "team" },
        h("img", { src: "/page/icon.svg", alt: "", width: 30, height: 30 }),
        this.team,
        iconButton("search", "Jump to a channel (Ctrl K)", jump, { class: "side-icon" }),
      ),
      people.node,
      this.channels,
      h(
        "p",
        { class: "side-note" },
        icon("home"),
        h("span", {}, h("strong", {}, "A stand-in for Slack"), " on this computer. Nothing leaves it."),
      ),
    );
    for (const event of ["reset", "channel", "unread", "messages"]) page.store.on(event, () => this.#draw());
  }

  #draw() {
    const { store } = this.page;
    this.team.textContent = store.team.name;
    const sections = SECTIONS.map(({ title, kinds }) => {
      const channels = store.channels.filter((channel) => kinds.includes(channel.kind));
      return (
        channels.length &&
        h(
          "section",
          { "aria-label": title },
          h("h2", {}, title),
          h(
            "ul",
            {},
            channels.map((channel) => this.#row(channel)),
          ),
        )
      );
    });
    const focused = this.channels.contains(document.activeElement)
      ? /** @type {HTMLElement} */ (document.activeElement).dataset.channelId
      : null;
    arrange(this.channels, sections.filter(Boolean));
    if (focused) this.channels.querySelector(`[data-channel-id="${CSS.escape(focused)}"]`)?.focus();
  }

  #row(channel) {
    const { store, openChannel } = this.page;
    const current = channel.id === store.channel?.id;
    const unread = store.unread.has(channel.id);
    const mark = channel.kind === "im" ? appMark("small") : icon(CHANNEL_ICONS[channel.kind]);
    return h(
      "li",
      {},
      h(
        "button",
        {
          type: "button",
          class: `channel ${unread ? "unread" : ""}`,
          "aria-current": current ? "page" : null,
          "aria-label": `${SPOKEN[channel.kind]}${channel.name}${unread ? ", new messages" : ""}`,
          data: { testid: "channel", channelId: channel.id },
          on: { click: () => openChannel(channel.id) },
        },
        mark,
        h("span", { class: "channel-name", dir: "auto" }, channel.name),
        unread ? h("span", { class: "dot", "aria-hidden": "true" }) : null,
      ),
    );
  }
}

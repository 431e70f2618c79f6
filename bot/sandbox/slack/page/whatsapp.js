/** The WhatsApp pane: a customer's phone beside the channel. */

import * as api from "./api.js";
import { arrange, h, keepingFocus } from "./dom.js";
import { icon, iconButton } from "./icons.js";
import { clock, dayName, dayOf } from "./times.js";

/** Below this width the pane is in front of threads, and closes when one opens. */
const NARROW = matchMedia("(max-width: 1000px)");
const REACTION = "👍";
const TICKS = { sent: "✓", delivered: "✓✓", read: "✓✓", played: "✓✓" };
const TICK_WORDS = { sent: "Sent", delivered: "Delivered", read: "Read", played: "Played" };

/** @typedef {{id: string, number: string, is_theirs: boolean, origin: string, kind: string, text: string, at: number,
 *   status: string, reactions: string[], is_edited: boolean, is_revoked: boolean, quoted: string, buttons: string[],
 *   picture: string}} PhoneMessage
 * @typedef {{index: number, name: string, username: string, phone: string, typing: string[],
 *   windows: Record<string, number>, messages: PhoneMessage[]}} Customer
 * @typedef {{now: number, can_skip: boolean, numbers: {id: string, name: string, phone: string}[], customers: Customer[]}} Phones */

export class WhatsApp {
  #phones = /** @type {Phones} */ ({ now: 0, can_skip: false, numbers: [], customers: [] });
  #customer = 0;
  #number = "";
  #loading = false;
  #stale = false;

  /**
   * @param {HTMLElement} node
   * @param {import("./hosts.js").Page} page
   * @param {{bar: HTMLElement, before: HTMLElement}} where
   */
  constructor(node, page, { bar, before }) {
    this.node = node;
    this.page = page;
    this.button = h(
      "button",
      {
        type: "button",
        class: "bar-button",
        "aria-pressed": "false",
        "aria-controls": node.id,
        title: "Be a customer on WhatsApp",
        data: { testid: "whatsapp-toggle" },
        hidden: true,
        on: { click: () => this.toggle(node.hidden) },
      },
      icon("phone"),
      h("span", { class: "bar-label" }, "WhatsApp"),
    );
    bar.insertBefore(this.button, before);
    this.customers = select("Customer", "whatsapp-customer", (value) => {
      this.#customer = Number(value);
      this.#draw(true);
    });
    this.numbers = select("Writes to", "whatsapp-number", (value) => {
      this.#number = value;
      this.#draw(true);
    });
    this.about = h("p", { class: "phone-about" });
    this.list = h("div", {
      class: "phone-list",
      tabindex: "0",
      role: "log",
      "aria-label": "Messages on this phone",
      data: { testid: "phone-list" },
    });
    this.typing = h("p", { class: "phone-typing", role: "status" });
    this.box = h("textarea", {
      rows: 1,
      dir: "auto",
      "aria-label": "Message from the customer",
      placeholder: "Write as the customer…",
      data: { testid: "phone-composer" },
      on: { input: () => this.#typed(), keydown: (event) => this.#key(event) },
    });
    this.send = h(
      "button",
      {
        type: "button",
        class: "send",
        "aria-label": "Send as the customer",
        disabled: true,
        data: { testid: "phone-send" },
        on: { click: () => this.#write() },
      },
      icon("send"),
    );
    this.skip = this.#tool("24 hours later", "whatsapp-skip", () => this.#post(api.skipDay()));
    node.append(
      h(
        "header",
        { class: "pane-head" },
        h("h2", {}, "WhatsApp"),
        iconButton("close", "Close WhatsApp", () => this.toggle(false), { data: { testid: "whatsapp-close" } }),
      ),
      h("div", { class: "phone-who" }, this.customers.node, this.numbers.node, this.about),
      this.list,
      this.typing,
      h("div", { class: "composer-box" }, this.box, this.send),
      h(
        "div",
        { class: "phone-tools", role: "group", "aria-label": "What the customer can do" },
        this.#tool("Picture", "phone-picture", () => this.#act("picture")),
        this.#tool("Say STOP", "phone-stop", () => this.#act("stop")),
      ),
      h(
        "details",
        { class: "phone-more", data: { testid: "whatsapp-more" } },
        h("summary", {}, "More: new customers, time, and what Meta does"),
        h(
          "div",
          { class: "phone-tools" },
          this.skip,
          this.#tool("Customers write by themselves", "whatsapp-story", () => this.#post(api.startStory())),
          this.#tool("New customer", "whatsapp-add", () => this.#add(true)),
          this.#tool("New customer without number", "whatsapp-add-hidden", () => this.#add(false)),
          this.#tool("Pause order_update", "meta-pause", () => this.#post(api.actAsMeta("pause"))),
          this.#tool("Make order_update marketing", "meta-category", () => this.#post(api.actAsMeta("category"))),
          this.#tool("Lower the number's quality", "meta-quality", () => this.#post(api.actAsMeta("quality"))),
        ),
      ),
    );
    node.addEventListener("keydown", (event) => event.key === "Escape" && this.toggle(false));
    page.extras.follow(() => {
      this.button.hidden = !page.extras.phones;
      if (this.button.hidden) this.toggle(false);
    });
    page.store.on("thread", () => NARROW.matches && page.store.thread && this.toggle(false));
    for (const event of ["phones", "reset"]) page.store.on(event, () => this.#load());
  }

  get isOpen() {
    return !this.node.hidden;
  }

  /** @param {boolean} open */
  toggle(open) {
    const wasOpen = this.isOpen;
    this.node.hidden = !open;
    this.button.setAttribute("aria-pressed", String(open));
    if (open) this.#load();
    else if (wasOpen) this.button.focus();
  }

  /** Loads the phones; a change while they are loading makes them load again. */
  async #load() {
    if (!this.isOpen) return;
    this.#stale = true;
    if (this.#loading) return;
    this.#loading = true;
    while (this.#stale) {
      this.#stale = false;
      const phones = await api.loadPhones();
      if (phones) this.#phones = phones;
    }
    this.#loading = false;
    this.#draw();
  }

  get #shown() {
    const { customers } = this.#phones;
    return customers.find(({ index }) => index === this.#customer) ?? customers[0] ?? null;
  }

  #draw(isOther = false) {
    const { numbers, customers, can_skip: canSkip } = this.#phones;
    const customer = this.#shown;
    this.skip.hidden = !canSkip;
    if (!numbers.some(({ id }) => id === this.#number)) this.#number = numbers[0]?.id ?? "";
    this.#customer = customer?.index ?? 0;
    const byName = [...customers].sort((a, b) => a.index - b.index);
    this.customers.offer(byName.map((each) => [String(each.index), nameOf(each)]), String(this.#customer));
    this.numbers.offer(numbers.map(({ id, name, phone }) => [id, `${name} (${phone})`]), this.#number);
    this.box.disabled = !customer;
    if (!customer) {
      this.about.textContent = "No customer yet. Add one below.";
      this.list.replaceChildren();
      return;
    }
    this.about.textContent = this.#describe(customer);
    const shown = customer.messages.filter(({ number }) => number === this.#number);
    const follow = isOther || this.#isAtEnd();
    keepingFocus(this.list, () => arrange(this.list, this.#bubbles(shown)));
    if (follow) this.list.scrollTop = this.list.scrollHeight;
    this.typing.textContent = customer.typing.includes(this.#number) ? "Acme is typing…" : "";
  }

  /** Their identity for the business, and until when it can write to them freely. */
  #describe({ phone, windows }) {
    const number = phone ? "" : "The business can't see this customer's number. ";
    const end = windows[this.#number];
    if (!end) return `${number}Has not written to this number yet.`;
    return end > this.#phones.now
      ? `${number}Can be answered until ${dayName(end).toLowerCase()}, ${clock(end)}.`
      : `${number}The 24 hours to answer are over: only templates reach them.`;
  }

  #bubbles(messages) {
    if (!messages.length)
      return [h("p", { class: "fine" }, "Nothing yet. Write as the customer: it arrives in Slack, if a channel asked for it with /chakra notify.")];
    const nodes = [];
    let day = "";
    for (const message of messages) {
      if (dayOf(message.at) !== day) nodes.push(h("p", { class: "phone-day" }, dayName(message.at)));
      day = dayOf(message.at);
      nodes.push(this.#bubble(message));
    }
    return nodes;
  }

  /** @param {PhoneMessage} message */
  #bubble(message) {
    const text = message.is_revoked ? "This message was deleted" : message.text || (message.picture ? "" : `(${message.kind})`);
    const act = (verb, more) => this.#act(verb, { wamid: message.id, ...more });
    return h(
      "div",
      {
        class: `bubble ${message.is_theirs ? "mine" : "theirs"}${message.is_revoked ? " gone" : ""}`,
        data: { testid: "bubble", status: message.status || null, origin: message.origin },
      },
      message.quoted ? h("p", { class: "bubble-quote", dir: "auto" }, message.quoted) : null,
      message.picture && !message.is_revoked
        ? h("img", { src: message.picture, alt: message.text || "Picture", loading: "lazy" })
        : null,
      h("p", { class: "bubble-text", dir: "auto" }, text),
      message.buttons.map((title) =>
        h(
          "button",
          {
            type: "button",
            class: "bubble-button",
            data: { key: `press ${message.id} ${title}` },
            on: { click: () => act("press", { title }) },
          },
          title,
        ),
      ),
      h(
        "p",
        { class: "bubble-foot" },
        message.is_edited ? "Edited · " : "",
        clock(message.at),
        message.is_theirs ? ticks(message) : react(message, act),
        message.is_theirs && !message.is_revoked
          ? h(
              "button",
              { type: "button", class: "text-button", data: { key: `revoke ${message.id}` }, on: { click: () => act("revoke", {}) } },
              "Delete",
            )
          : null,
      ),
      message.reactions.length ? h("p", { class: "bubble-reactions" }, message.reactions.join(" ")) : null,
    );
  }

  #tool(label, testid, onClick) {
    return h("button", { type: "button", class: "button small", data: { testid }, on: { click: onClick } }, label);
  }

  async #add(hasNumber) {
    const answer = await this.#post(api.addCustomer(hasNumber ? "New customer" : "New customer without number", hasNumber));
    if (!answer.ok) return;
    this.#customer = answer.customer;
    await this.#load();
    this.box.focus();
  }

  #act(verb, more = {}) {
    return this.#post(api.actOnPhone({ customer: this.#customer, to: this.#number, do: verb, ...more }));
  }

  async #write() {
    const text = this.box.value.trim();
    if (!text) return;
    this.box.value = "";
    this.#typed();
    const answer = await this.#act("write", { text });
    if (!answer.ok && !this.box.value) this.box.value = text;
    this.#typed();
  }

  async #post(asked) {
    const answer = await asked;
    if (!answer.ok) this.page.notices.toast(answer.error ?? "Not done. Try again.");
    return answer;
  }

  #isAtEnd() {
    return this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < 80;
  }

  #typed() {
    this.box.style.height = "auto";
    this.box.style.height = `${Math.min(this.box.scrollHeight, 120)}px`;
    this.send.disabled = !this.box.value.trim();
  }

  #key(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.#write();
  }
}

const nameOf = ({ name, phone, username }) => `${name} · ${phone || `@${username || "no number"}`}`;

/** In the business's own app the check marks would be on the other side; these are the customer's phone's. */
function ticks({ status }) {
  if (!TICKS[status]) return null;
  return h("span", { class: `ticks ${status}`, role: "img", "aria-label": TICK_WORDS[status] }, TICKS[status]);
}

function react(message, act) {
  const has = message.reactions.includes(REACTION);
  return h(
    "button",
    {
      type: "button",
      class: "text-button",
      "aria-label": has ? "Remove the reaction" : "React with thumbs up",
      data: { key: `react ${message.id}` },
      on: { click: () => act("react", { emoji: has ? "" : REACTION }) },
    },
    has ? "Undo" : "React",
  );
}

/** A labeled menu of the browser's own. @param {string} label @param {string} testid @param {(value: string) => void} onChange */
function select(label, testid, onChange) {
  const menu = h("select", { class: "box", data: { testid }, on: { change: () => onChange(menu.value) } });
  const node = h("label", { class: "phone-field" }, h("span", {}, label), menu);
  let shown = "";
  return {
    node,
    offer(options, chosen) {
      const wanted = JSON.stringify(options);
      if (wanted !== shown) {
        shown = wanted;
        arrange(menu, options.map(([value, text]) => h("option", { value }, text)));
      }
      menu.value = chosen;
    },
  };
}

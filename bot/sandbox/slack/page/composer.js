/** The message box: messages and commands, with completion, drafts and history. */

import * as api from "./api.js";
import { candidates, completions, isComplete } from "./completion.js";
import { otherContent } from "./content.js";
import { arrange, h } from "./dom.js";
import { icon } from "./icons.js";
import { Listbox } from "./listbox.js";
import { Popup } from "./popup.js";
import { globalShortcuts } from "./shortcuts.js";
import { channelLabel } from "./state.js";

const EXAMPLES = ["/chakra maria", "/chakra send", "/chakra leads", "/chakra upload", "/chakra help"];
const MAX_BOX_HEIGHT_PX = 220;

export class Composer {
  #recalled = -1;
  #closed = false;
  #picked = false;
  #sending = 0;

  /** @param {HTMLElement} node @param {import("./hosts.js").Page} page */
  constructor(node, page) {
    this.page = page;
    this.node = node;
    this.box = h("textarea", {
      id: "message-box",
      rows: 1,
      dir: "auto",
      autocomplete: "off",
      "aria-autocomplete": "list",
      "aria-haspopup": "listbox",
      "aria-describedby": "composer-help",
      data: { testid: "composer" },
      on: { input: () => this.#typed(), keydown: (event) => this.#key(event), blur: () => this.#closeList() },
    });
    this.button = h(
      "button",
      {
        type: "button",
        class: "send",
        "aria-label": "Send",
        data: { testid: "send" },
        on: { click: () => this.#send() },
      },
      icon("send"),
    );
    this.list = new Listbox({
      label: "Commands",
      testid: "completion-option",
      owner: this.box,
      onChoose: (option) => this.#complete(option.raw),
    });
    this.frame = h("div", { class: "composer-box" }, otherContent(page), globalShortcuts(page), this.box, this.button);
    this.popup = new Popup(
      this.frame,
      h("div", { data: { testid: "completion" } }, this.list.node, h("p", { class: "popup-keys" }, keys())),
      { className: "completion", maxHeight: 380 },
    );
    this.examples = h("div", { class: "tries", data: { testid: "tries" } });
    node.append(this.examples, this.frame, this.popup.node, helpLine());
    for (const event of ["reset", "channel", "tab"]) page.store.on(event, () => this.#restore());
  }

  focus() {
    this.box.focus();
  }

  get #line() {
    return this.box.value;
  }

  /** Fills the box as if the line had been typed. */
  fill(text) {
    this.box.value = text;
    this.focus();
    this.box.setSelectionRange(text.length, text.length);
    this.#typed();
  }

  /** Appends `text` to a command being typed; otherwise fills in `line` with `text` for its `{}`. */
  put(text, line) {
    const incomplete = /^\/\S+ \S+(\s*| .*\s)$/.test(this.#line) && line !== "{}";
    this.fill(incomplete ? `${this.#line.trimEnd()} ${text}` : line.replace("{}", text));
  }

  #restore() {
    const { store } = this.page;
    this.node.hidden = store.atHome;
    if (!store.channel || !store.me) return;
    const draft = store.memory.draft(store.me.id, store.channel.id);
    if (this.box.value !== draft) this.box.value = draft;
    this.#recalled = -1;
    const name = channelLabel(store.channel);
    this.box.placeholder = `Message ${name}, or / for commands`;
    this.box.setAttribute("aria-label", `Message ${name}`);
    this.#closeList();
    this.#show();
  }

  #typed() {
    const { store } = this.page;
    this.#closed = false;
    this.#picked = false;
    if (store.me && store.channel) store.memory.setDraft(store.me.id, store.channel.id, this.#line);
    this.#show();
    this.#offer();
  }

  #show() {
    this.box.style.height = "auto";
    this.box.style.height = `${Math.min(this.box.scrollHeight, MAX_BOX_HEIGHT_PX)}px`;
    this.button.disabled = !this.#line.trim();
    this.#drawExamples();
  }

  /** Shows examples to people who haven't used a command yet. */
  #drawExamples() {
    const { store } = this.page;
    const known = candidates(store).map(({ text }) => text);
    const examples = EXAMPLES.filter((example) => known.some((text) => example.startsWith(text)));
    const novice = store.me !== null && !store.memory.commands(store.me.id).length && !this.#line;
    this.examples.hidden = !novice || !examples.length;
    arrange(this.examples, [
      h("span", {}, "Try:"),
      ...examples.map((example) =>
        h("button", { type: "button", class: "try", on: { click: () => this.fill(example) } }, example),
      ),
    ]);
  }

  #offer() {
    const found = this.#closed ? [] : completions(this.#line, candidates(this.page.store));
    if (!found.length) return this.#closeList();
    this.list.show([{ label: null, options: found.map(asOption) }]);
    this.popup.open();
    this.popup.place();
  }

  #closeList() {
    this.popup.close();
    this.box.removeAttribute("aria-activedescendant");
  }

  #complete(candidate) {
    this.fill(candidate.text);
    this.#closeList();
  }

  async #send() {
    const { store, notices } = this.page;
    const text = this.#line.trim();
    if (!text || !store.me || !store.channel) return;
    const [me, channel] = [store.me.id, store.channel.id];
    if (text.startsWith("/")) store.memory.addCommand(me, text);
    store.memory.setDraft(me, channel, "");
    this.#restore();
    this.#busy(1);
    const answer = await api.type(me, channel, text);
    this.#busy(-1);
    if (answer.ok) return;
    notices.toast(answer.error ?? "Not sent. Try again.");
    if (!this.#line && store.channel?.id === channel) this.fill(text);
  }

  #busy(change) {
    this.#sending += change;
    this.frame.classList.toggle("busy", this.#sending > 0);
  }

  #key(event) {
    if (event.isComposing) return;
    if (this.popup.isOpen && this.#listKey(event)) return event.preventDefault();
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.#send();
    } else if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      if (this.#recall(event.key === "ArrowUp" ? 1 : -1)) event.preventDefault();
    }
  }

  /** @returns {boolean} whether the list handled the key */
  #listKey(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      this.#picked = true;
      this.list.move(step);
      return true;
    }
    if (event.key === "Escape") {
      this.#closed = true;
      this.#closeList();
      return true;
    }
    const candidate = this.list.active?.raw;
    if (!candidate) return false;
    if (event.key === "Tab" && !event.shiftKey) this.#complete(candidate);
    else if (event.key === "Enter" && !event.shiftKey && (this.#picked || !this.#isCommand()))
      this.#complete(candidate);
    else return false;
    return true;
  }

  /** Whether Enter may send the line although longer completions exist. */
  #isCommand() {
    return candidates(this.page.store).some((candidate) => isComplete(this.#line, candidate));
  }

  /** Steps through earlier commands if the box is empty or shows one. @returns {boolean} whether it did */
  #recall(step) {
    const { store } = this.page;
    const commands = store.memory.commands(store.me?.id);
    const showing = this.#recalled >= 0 && this.#line === commands[this.#recalled];
    if (this.#line && !showing) return false;
    const next = (showing ? this.#recalled : -1) + step;
    if (next >= commands.length || next < -1) return false;
    this.#closed = true;
    this.box.value = commands[next] ?? "";
    this.#recalled = next;
    this.#show();
    return true;
  }
}

function asOption(candidate) {
  const description = [candidate.usage, candidate.summary].filter(Boolean).join(" · ");
  return { value: candidate.text, label: candidate.text.trim(), description, raw: candidate };
}

function helpLine() {
  const key = (name) => h("kbd", {}, name);
  return h(
    "p",
    { class: "composer-help", id: "composer-help" },
    h("span", { class: "keys" }, [
      key("Enter"),
      " sends, ",
      key("Shift"),
      " ",
      key("Enter"),
      " starts a line, ",
      key("/"),
      " lists commands",
    ]),
  );
}

function keys() {
  return [
    h("kbd", {}, "↑"),
    h("kbd", {}, "↓"),
    " choose ",
    h("kbd", {}, "Tab"),
    " completes ",
    h("kbd", {}, "Esc"),
    " closes",
  ];
}

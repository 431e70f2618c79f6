/** The file input: choose or drop files, list them, remove them. */

import * as api from "../api.js";
import { arrange, h } from "../dom.js";
import { icon, iconButton } from "../icons.js";
import { sizeOf } from "../sizes.js";

/** docs.slack.dev/reference/block-kit/block-elements/file-input-element */
const MAX_FILES = 10;
const MAX_FILE_BYTES = 10 * 1024 * 1024;

/** @type {Record<string, (element: any, place: import("./place.js").Place) => HTMLElement>} */
export const FILES = { file_input: (element, place) => new FileInput(element, place).node };

const OFFER_EVENT = "offer-files";

/** Adds files to a file input as if they had been dropped on it. @param {Element} node @param {globalThis.File[]} files */
export function offerFiles(node, files) {
  node.dispatchEvent(new CustomEvent(OFFER_EVENT, { detail: files }));
}

class FileInput {
  /** @type {{name: string, size: number, id?: string, error?: string}[]} */
  #rows = [];

  constructor(element, place) {
    this.element = element;
    this.place = place;
    this.maxFiles = element.max_files ?? MAX_FILES;
    this.allowed = (element.filetypes ?? []).map((type) => type.toLowerCase());
    this.#rows = place.entry(element, [], []).shown.map(({ id, name, size }) => ({ id, name, size }));
    this.picker = h("input", {
      type: "file",
      hidden: true,
      multiple: this.maxFiles > 1,
      accept: this.allowed.map((type) => `.${type}`).join(","),
      data: { testid: "file-picker" },
      on: { change: () => this.#picked() },
    });
    const props = place.props(element);
    this.button = h(
      "button",
      {
        type: "button",
        class: "button",
        "aria-describedby": props["aria-describedby"],
        data: props.data,
        on: { click: () => this.picker.click() },
      },
      icon("upload"),
      h("span", { class: "button-text" }, this.maxFiles > 1 ? "Choose files" : "Choose a file"),
    );
    this.zone = h(
      "div",
      {
        class: "drop",
        on: {
          dragover: (event) => this.#over(event),
          dragleave: () => this.#out(),
          drop: (event) => this.#dropped(event),
        },
      },
      this.button,
      h("span", { class: "fine" }, this.maxFiles > 1 ? "or drop them here" : "or drop it here"),
      this.picker,
    );
    this.list = h("ul", { class: "chosen-files", "aria-label": "Chosen files" });
    this.node = h(
      "div",
      {
        class: "file-input",
        data: { testid: "file-input" },
        on: { [OFFER_EVENT]: (event) => this.#add(event.detail) },
      },
      this.zone,
      place.input?.hinted ? null : h("p", { class: "fine" }, this.#rules()),
      this.list,
    );
    this.#draw();
  }

  /** For a field without a hint of its own. */
  #rules() {
    const size = sizeOf(MAX_FILE_BYTES);
    const room = this.maxFiles > 1 ? `Up to ${this.maxFiles} files of ${size} each.` : `Up to ${size}.`;
    const kinds = this.allowed.map((type) => type.toUpperCase()).join(", ");
    return kinds ? `${kinds}. ${room}` : room;
  }

  #over(event) {
    event.preventDefault();
    this.zone.classList.add("over");
  }

  #out() {
    this.zone.classList.remove("over");
  }

  #dropped(event) {
    event.preventDefault();
    this.#out();
    this.#add([...event.dataTransfer.files]);
  }

  #picked() {
    this.#add([...this.picker.files]);
    this.picker.value = "";
  }

  /** A new file replaces the old one if only one is allowed. @param {globalThis.File[]} files */
  #add(files) {
    if (!files.length) return;
    if (this.maxFiles === 1) this.#rows = [];
    this.#rows = this.#rows.filter(({ error }) => !error);
    for (const file of files) {
      const row = { name: file.name, size: file.size, error: this.#validate(file) };
      this.#rows.push(row);
      if (!row.error) this.place.host.form.during(this.#upload(row, file));
    }
    this.#changed();
  }

  #validate({ name, size }) {
    const type = name.includes(".") ? name.split(".").at(-1).toLowerCase() : "";
    if (this.allowed.length && !this.allowed.includes(type))
      return `This file type isn't supported. Choose one of: ${this.allowed.join(", ")}.`;
    if (!size) return "This file is empty. Choose another.";
    if (size > MAX_FILE_BYTES) return `This file is too large. The limit is ${sizeOf(MAX_FILE_BYTES)}.`;
    if (this.#rows.length >= this.maxFiles) return `You can choose up to ${this.maxFiles} files. Remove one first.`;
    return undefined;
  }

  async #upload(row, file) {
    const answer = await api.uploadFile(this.place.host.store.me.id, file);
    if (answer.ok) row.id = answer.file.id;
    else row.error = answer.error ?? "This file wasn't uploaded. Choose it again.";
    if (this.#rows.includes(row)) this.#changed();
  }

  #remove(row) {
    this.#rows = this.#rows.filter((other) => other !== row);
    this.#changed();
    this.button.focus();
  }

  #changed() {
    const there = this.#rows.filter(({ id }) => id);
    this.place.enter(
      this.element,
      there.map(({ id }) => id),
      there.map(({ id, name, size }) => ({ id, name, size })),
    );
    this.#draw();
  }

  #draw() {
    this.list.hidden = !this.#rows.length;
    arrange(
      this.list,
      this.#rows.map((row) => this.#row(row)),
    );
  }

  #row(row) {
    const state = row.error ?? (row.id ? sizeOf(row.size) : `${sizeOf(row.size)}, uploading…`);
    return h(
      "li",
      { class: `chosen-file ${row.error ? "wrong" : ""}`, data: { testid: "chosen-file" } },
      h("span", { class: "file-mark" }, icon(row.error ? "alert" : "file")),
      h(
        "span",
        { class: "file-text" },
        h("span", { class: "file-name", dir: "auto" }, row.name),
        h("span", { class: "fine", role: row.error ? "alert" : null }, state),
      ),
      iconButton("close", `Remove ${row.name}`, () => this.#remove(row), { data: { testid: "remove-file" } }),
    );
  }
}

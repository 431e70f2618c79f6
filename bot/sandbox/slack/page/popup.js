/** A popup beside a control, above everything else; closes on Escape or a click outside. */

import { h } from "./dom.js";

const GAP = 4;
const MAX_HEIGHT_PX = 340;
const EDGE = 8;

export class Popup {
  /**
   * @param {HTMLElement} anchor what it opens beside
   * @param {HTMLElement} content
   * @param {{className?: string, minWidth?: number, matchWidth?: boolean, align?: "start" | "end",
   *   onClose?: () => void, maxHeight?: number}} [options]
   */
  constructor(anchor, content, options = {}) {
    this.anchor = anchor;
    this.options = options;
    this.node = h("div", { class: `popup ${options.className ?? ""}`, popover: "manual" }, content);
  }

  get isOpen() {
    return this.node.matches(":popover-open");
  }

  open() {
    if (this.isOpen || !this.node.isConnected) return;
    this.node.showPopover();
    this.place();
    this.listening = new AbortController();
    const { signal } = this.listening;
    document.addEventListener("pointerdown", (event) => this.#pressed(event), { signal, capture: true });
    addEventListener("resize", () => this.place(), { signal });
    addEventListener("scroll", (event) => this.#scrolled(event), { signal, capture: true });
  }

  close() {
    this.listening?.abort();
    if (!this.isOpen) return;
    this.node.hidePopover();
    this.options.onClose?.();
  }

  /** Below the anchor if there is room, else above; always inside the window. */
  place() {
    if (!this.isOpen) return;
    const around = this.anchor.getBoundingClientRect();
    const { style } = this.node;
    const room = { below: innerHeight - around.bottom - GAP - EDGE, above: around.top - GAP - EDGE };
    const wanted = Math.min(this.#contentHeight(), this.options.maxHeight ?? MAX_HEIGHT_PX);
    const up = room.below < wanted && room.above > room.below;
    style.maxHeight = `${Math.min(up ? room.above : room.below, this.options.maxHeight ?? MAX_HEIGHT_PX)}px`;
    style.minWidth = `${Math.max(this.options.minWidth ?? 0, this.options.matchWidth === false ? 0 : around.width)}px`;
    style.top = up ? "auto" : `${around.bottom + GAP}px`;
    style.bottom = up ? `${innerHeight - around.top + GAP}px` : "auto";
    const left = this.options.align === "end" ? around.right - this.node.offsetWidth : around.left;
    style.left = `${Math.max(EDGE, Math.min(left, innerWidth - this.node.offsetWidth - EDGE))}px`;
  }

  /** The height of the content if its list didn't scroll. */
  #contentHeight() {
    const list = this.node.querySelector(".listbox");
    const hidden = list ? list.scrollHeight - list.clientHeight : 0;
    return (this.node.firstElementChild?.scrollHeight ?? 0) + hidden;
  }

  #pressed(event) {
    if (!this.node.contains(event.target) && !this.anchor.contains(event.target)) this.close();
  }

  #scrolled(event) {
    if (!this.node.contains(event.target)) this.place();
  }
}

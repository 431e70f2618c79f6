/**
 * Drawn emoji: not every computer has a font with them. On a 20 by 20
 * grid; each part has a color and a path, which is filled, or drawn as a line of some width.
 */

import { svg } from "./dom.js";

/** @typedef {{fill?: string, line?: string, width?: number, d: string}} Part */

const RED = "#d92f2f";
const GREEN = "#2f9e44";
const YELLOW = "#f5c02d";
const BLUE = "#3b78c4";
const GREY = "#8b969e";
const PAPER = "#f2f4f5";
const INK = "#4a565e";
const WHITE = "#ffffff";
const WOOD = "#a5713f";

const DISC = "M10 1.5a8.5 8.5 0 1 0 0 17a8.5 8.5 0 1 0 0-17z";
const TILE = "M4.5 1.5h11a3 3 0 0 1 3 3v11a3 3 0 0 1-3 3h-11a3 3 0 0 1-3-3v-11a3 3 0 0 1 3-3z";
const SHEET = "M5 1.5h7.5l3.5 3.5v12.5a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1v-15a1 1 0 0 1 1-1z";
const ROWS = "M6.7 8h6.6M6.7 11h6.6M6.7 14h4.6";

const fill = (color, d) => ({ fill: color, d });
const line = (color, width, d) => ({ line: color, width, d });

/** @type {Record<string, Part[]>} */
const PARTS = {
  warning: [
    fill(YELLOW, "M8.4 2.4a1.9 1.9 0 0 1 3.2 0l7.2 13.2a1.9 1.9 0 0 1-1.6 2.9H2.8a1.9 1.9 0 0 1-1.6-2.9z"),
    line("#3a2f10", 2, "M10 7.2v5.2M10 15.4v.1"),
  ],
  hourglass_flowing_sand: [
    fill("#cfe4f2", "M5.2 3h9.6c0 3.4-2 5.3-3.7 7c1.7 1.7 3.7 3.6 3.7 7H5.2c0-3.4 2-5.3 3.7-7c-1.7-1.7-3.7-3.6-3.7-7z"),
    fill("#eab54a", "M6.6 5.4h6.8c-.6 1.7-1.9 2.9-3.4 4.2c-1.5-1.3-2.8-2.5-3.4-4.2zM6.1 16.5c.4-1.8 2.1-2.9 3.9-3.3c1.8.4 3.5 1.5 3.9 3.3z"),
    line("#eab54a", 1, "M10 9.5v4"),
    line(WOOD, 2.2, "M4 2.6h12M4 17.4h12"),
  ],
  speech_balloon: [
    fill(PAPER, "M3 3.5h14a1.5 1.5 0 0 1 1.5 1.5v8a1.5 1.5 0 0 1-1.5 1.5h-6.5L6 18v-3.5H3A1.5 1.5 0 0 1 1.5 13V5A1.5 1.5 0 0 1 3 3.5z"),
    line(GREY, 1, "M3 3.5h14a1.5 1.5 0 0 1 1.5 1.5v8a1.5 1.5 0 0 1-1.5 1.5h-6.5L6 18v-3.5H3A1.5 1.5 0 0 1 1.5 13V5A1.5 1.5 0 0 1 3 3.5z"),
    line(INK, 1.4, "M5.5 7.5h9M5.5 10.5h6"),
  ],
  alarm_clock: [
    line(RED, 2, "M3 4.5l2.5-2M17 4.5l-2.5-2M5.5 17l-1.5 1.6M14.5 17l1.5 1.6"),
    fill(RED, "M10 3.5a7 7 0 1 0 0 14a7 7 0 1 0 0-14z"),
    fill(WHITE, "M10 5.3a5.2 5.2 0 1 0 0 10.4a5.2 5.2 0 1 0 0-10.4z"),
    line(INK, 1.4, "M10 7.3v3.4l2.4 1.5"),
  ],
  zzz: [line(BLUE, 1.8, "M2.5 10.5h5l-5 6.5h5M9.5 4h7l-7 9h7")],
  outbox_tray: [
    fill(GREY, "M2 11h4l1.5 2.5h5L14 11h4v7H2z"),
    line(GREEN, 2, "M10 10.5V2.5M6.8 5.5L10 2.3l3.2 3.2"),
  ],
  microphone: [
    fill(INK, "M10 1.5a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0v-5a3 3 0 0 1 3-3z"),
    line(GREY, 1.6, "M4.5 9.5a5.5 5.5 0 0 0 11 0M10 15v3.3M6.5 18.3h7"),
  ],
  headphones: [
    line(INK, 1.8, "M3 12V9.5a7 7 0 0 1 14 0V12"),
    fill(BLUE, "M2 11.5h3.5v6H2zM14.5 11.5H18v6h-3.5z"),
  ],
  bust_in_silhouette: [
    fill(BLUE, "M10 2.5a4 4 0 1 0 0 8a4 4 0 1 0 0-8zM2.5 18.5c.5-4.5 3.3-6.5 7.5-6.5s7 2 7.5 6.5z"),
  ],
  iphone: [
    fill(INK, "M6 1.2h8a1.2 1.2 0 0 1 1.2 1.2v15.2a1.2 1.2 0 0 1-1.2 1.2H6a1.2 1.2 0 0 1-1.2-1.2V2.4A1.2 1.2 0 0 1 6 1.2z"),
    fill("#cfe4f2", "M6.2 3.2h7.6v11.6H6.2z"),
    line(WHITE, 1.4, "M10 16.8v.1"),
  ],
  shopping_bags: [
    fill(YELLOW, "M3.5 7h13l1 11.3h-15z"),
    line(WOOD, 1.6, "M7 9V6a3 3 0 0 1 6 0v3"),
  ],
  shopping_trolley: [
    line(GREY, 1.8, "M1.5 3h2.8l2.2 9.5h9.3l2-7H5"),
    fill(INK, "M8 14.7a1.6 1.6 0 1 0 0 3.2a1.6 1.6 0 1 0 0-3.2zM14.5 14.7a1.6 1.6 0 1 0 0 3.2a1.6 1.6 0 1 0 0-3.2z"),
  ],
  radio_button: [fill(BLUE, DISC), fill(WHITE, "M10 5a5 5 0 1 0 0 10a5 5 0 1 0 0-10z"), fill(BLUE, "M10 7.5a2.5 2.5 0 1 0 0 5a2.5 2.5 0 1 0 0-5z")],
  white_check_mark: [fill(GREEN, TILE), line(WHITE, 2.5, "M5.6 10.3l3.1 3.2 5.8-7")],
  no_entry: [fill(RED, DISC), line(WHITE, 3, "M5.7 10h8.6")],
  x: [line(RED, 3.6, "M4 4l12 12M16 4L4 16")],
  red_circle: [fill(RED, DISC)],
  large_green_circle: [fill(GREEN, DISC)],
  large_yellow_circle: [fill(YELLOW, DISC)],
  large_blue_circle: [fill(BLUE, DISC)],
  grey_question: [line(GREY, 2.8, "M6 6.4c.3-2.2 1.9-3.3 4-3.3c2.3 0 4 1.3 4 3.3c0 2.9-4 3-4 6.1M10 16.7v.1")],
  black_square_for_stop: [fill(BLUE, TILE), fill(WHITE, "M6.5 6.5h7v7h-7z")],
  black_square_button: [fill(INK, TILE), fill(PAPER, "M5.5 5.5h9v9h-9z")],
  information_source: [fill(BLUE, TILE), line(WHITE, 2.2, "M10 9v5.5M10 5.5v.1")],
  page_facing_up: [line(GREY, 1.4, SHEET), fill(PAPER, SHEET), line(GREY, 1.3, ROWS)],
  memo: [
    line(GREY, 1.4, SHEET),
    fill(PAPER, SHEET),
    line(GREY, 1.3, "M6.7 6h4M6.7 9h4M6.7 12h2"),
    line("#e0902a", 2.4, "M16.5 7.5l-6 7"),
    line(INK, 1.6, "M10.2 15l-.7.9"),
  ],
  clipboard: [
    fill(WOOD, "M4 3h12a1 1 0 0 1 1 1v13.5a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1z"),
    fill(PAPER, "M5 5h10v11.5H5z"),
    fill(GREY, "M7 1.5h6v3.5H7z"),
    line(GREY, 1.3, "M6.7 8.5h6.6M6.7 11h6.6M6.7 13.5h4.6"),
  ],
  file_cabinet: [
    fill(GREY, "M4 1.5h12v17H4z"),
    line(PAPER, 1.2, "M4 7.2h12M4 12.9h12"),
    line(PAPER, 1.6, "M8.5 4.4h3M8.5 10h3M8.5 15.7h3"),
  ],
  wastebasket: [
    fill(GREY, "M4 5.5h12l-1.3 12a1.2 1.2 0 0 1-1.2 1h-7a1.2 1.2 0 0 1-1.2-1z"),
    line(GREY, 1.8, "M3 4h14M8 2.5h4"),
    line(PAPER, 1.2, "M8 8.5l.5 7M12 8.5l-.5 7"),
  ],
  link: [
    line(GREY, 2.2, "M8.5 11.5l3-3M9.5 6.5l2-2a3 3 0 0 1 4.2 4.2l-2 2M10.5 13.5l-2 2a3 3 0 0 1-4.2-4.2l2-2"),
  ],
  leftwards_arrow_with_hook: [fill(BLUE, TILE), line(WHITE, 2, "M8.5 5.5L5.5 8.5l3 3M6 8.5h5.5a3 3 0 0 1 0 6H8")],
  round_pushpin: [line(GREY, 1.8, "M10 9v9"), fill(RED, "M10 1.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 1 0 0-9z")],
  inbox_tray: [
    line(GREY, 1.8, "M2.5 12v5.5h15V12h-4.5c0 3.5-6 3.5-6 0z"),
    line(GREEN, 2.2, "M10 2v8M6.8 7l3.2 3.2L13.2 7"),
  ],
  frame_with_picture: [
    fill(WOOD, "M1.5 3h17v14h-17z"),
    fill("#bfe0f5", "M3.5 5h13v10h-13z"),
    fill(GREEN, "M3.5 15l4-5.5 3 3.5 2-2 4 4z"),
  ],
  film_frames: [
    fill(INK, "M2 3.5h16v13H2z"),
    fill(PAPER, "M6 5.5h8v9H6z"),
    line(PAPER, 1.4, "M3.8 6h.4M3.8 10h.4M3.8 14h.4M15.8 6h.4M15.8 10h.4M15.8 14h.4"),
  ],
  telephone_receiver: [line(GREY, 4, "M5 4.5c0 6 4.5 10.5 10.5 10.5"), line(GREY, 5, "M5 4.3v1.4M14.3 15h1.4")],
  eyes: [
    fill(WHITE, "M5.6 4a3.8 6 0 1 0 0 12a3.8 6 0 1 0 0-12zM14.4 4a3.8 6 0 1 0 0 12a3.8 6 0 1 0 0-12z"),
    line(INK, 1.1, "M5.6 4a3.8 6 0 1 0 0 12a3.8 6 0 1 0 0-12zM14.4 4a3.8 6 0 1 0 0 12a3.8 6 0 1 0 0-12z"),
    line(INK, 3.6, "M4.4 10.6v.6M13.2 10.6v.6"),
  ],
};

/** @param {string} name without colons @returns {SVGElement | null} */
export function pictogram(name) {
  const parts = Object.hasOwn(PARTS, name) ? PARTS[name] : null;
  return parts && svg("svg", { viewBox: "0 0 20 20", class: "pictogram", "aria-hidden": "true" }, parts.map(drawn));
}

/** @param {Part} part */
function drawn({ fill: color, line: stroke, width, d }) {
  return svg("path", { d, fill: color ?? "none", stroke, "stroke-width": width });
}

/**
 * Completions of a partial command, as pure functions.
 *
 * @typedef {{text: string, usage: string, summary: string}} Candidate
 */

/** @param {{commands: any[], hints: Candidate[]}} store @returns {Candidate[]} hints first: they are more specific */
export function candidates({ commands, hints }) {
  const plain = commands.map(({ command, hint, description }) => ({
    text: `${command} `,
    usage: hint,
    summary: description,
  }));
  return [...plain, ...hints];
}

/**
 * @param {string} line the current text
 * @param {Candidate[]} all
 * @returns {Candidate[]} the completions, most likely first; none if the line is no command or already has arguments
 */
export function completions(line, all) {
  const typed = line.trimStart().toLowerCase();
  if (!typed.startsWith("/") || typed.includes("\n")) return [];
  const beginning = all.filter(({ text }) => text.toLowerCase().startsWith(typed));
  const word = typed.slice(1);
  if (beginning.length || !word || word.includes(" ")) return beginning;
  return all.filter(({ text }) =>
    text
      .toLowerCase()
      .split(/[\s/]+/)
      .some((part) => part.startsWith(word)),
  );
}

/** Whether the line already equals the candidate. */
export function isComplete(line, candidate) {
  return line.trim().toLowerCase() === candidate.text.trim().toLowerCase();
}

/** @returns {Candidate | null} the candidate whose arguments are being typed, to show its usage */
export function usageFor(line, all) {
  const typed = line.trimStart().toLowerCase();
  const fits = all.filter(({ text, usage }) => usage && typed.startsWith(`${text.trim().toLowerCase()} `));
  return fits.sort((a, b) => b.text.length - a.text.length)[0] ?? null;
}

// Order of search results: chapters, those that have the words in their title first, then pages
// around them, then the reference of the package.
// A word with an underscore or a dot in it is a name of the code: there the reference leads.
var Scorer = {
  score: ([page, title, anchor, description, score]) => {
    const words = new URLSearchParams(window.location.search).get("q") || "";
    const named = /\w_\w|\w\.\w|\(\)/.test(words);
    // a part of a page comes as "title of the page > title of the part"
    const own = title.split(" > ")[0].toLowerCase();
    const about = words.toLowerCase().split(/\s+/).filter((word) => word);
    if (about.length && about.every((word) => own.includes(word))) score += 100;
    const reference = page.startsWith("appendix/api");
    if (named) return score + (reference ? 1000 : 0);
    if (reference) return score;
    if (page.startsWith("appendix/")) return score + 500;
    return score + (page.startsWith("guide/") || page === "index" ? 900 : 1000);
  },
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};

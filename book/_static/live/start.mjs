// Starts the live figures of a page, each when it is scrolled near. The figure NAME is the module
// figures/NAME.mjs; its default export gets the element to fill and the options of the page.
// Until it is ready, and if anything is wrong, the stored picture stays.
const folder = new URL("./data/", import.meta.url);

async function start(figure) {
  const [stored, stage, said] = ["stored", "stage", "said"].map((part) =>
    figure.querySelector(`.live-${part}`));
  try {
    if (!globalThis.Float32Array?.from || !globalThis.DataView) {
      throw new Error("This browser lacks typed arrays.");
    }
    const { default: fill } = await import(`./figures/${figure.dataset.live}.mjs`);
    await fill(stage, { ...JSON.parse(figure.dataset.options), folder });
    stored.hidden = true;
    stage.hidden = false;
    figure.dataset.state = "live";
  } catch (error) {
    stage.replaceChildren();
    said.textContent = `${error.message} Here is a stored picture.`;
    said.hidden = false;
    figure.dataset.state = "stored";
    console.warn(`Live figure "${figure.dataset.live}": ${error.message}`);
  }
}

const near = new IntersectionObserver((seen) => {
  for (const { isIntersecting, target } of seen) {
    if (!isIntersecting) continue;
    near.unobserve(target);
    start(target);
  }
}, { rootMargin: "400px" });
for (const figure of document.querySelectorAll("[data-live]")) near.observe(figure);

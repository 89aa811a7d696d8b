// Says how something stands while it goes on, and shows the page anew at its end. The page says the same without script.
class LiveState extends HTMLElement {
  connectedCallback() {
    if (!this.dataset.src) return;
    this.source = new EventSource(this.dataset.src);
    this.source.addEventListener("state", (event) => {
      for (const [name, value] of Object.entries(JSON.parse(event.data))) {
        for (const place of this.querySelectorAll(`[data-live="${name}"]`)) {
          if (place.tagName === "PROGRESS") { if (value >= 0) place.value = value; } else place.textContent = value;
        }
      }
    });
    this.source.addEventListener("done", () => { this.source.close(); location.reload(); });
  }
  disconnectedCallback() { this.source?.close(); }
}
customElements.define("live-state", LiveState);

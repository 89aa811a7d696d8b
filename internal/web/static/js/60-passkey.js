// Asks the device for a passkey, and sends the form with what it answers. What the page's words say stands without script, too.
class PasskeyButton extends HTMLElement {
  connectedCallback() {
    const form = this.closest("form"), says = this.querySelector("[role=status]"), button = this.querySelector("button");
    if (!window.PublicKeyCredential) {
      says.textContent = window.isSecureContext ? "This browser has no passkeys. Use a current Chrome, Edge, Firefox or Safari, or sign in another way." : "Browsers use passkeys over https alone, and at localhost. Open this server by its https address, or sign in another way.";
      button.disabled = true;
      return;
    }
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (button.disabled) return;
      button.disabled = true;
      says.textContent = "Waiting for the device…";
      try {
        const key = await this.ask();
        form.elements.answer.value = JSON.stringify(key);
        form.submit();
      } catch (error) {
        says.textContent = this.words(error);
        button.disabled = false;
      }
    });
  }
  async ask() {
    const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
    const text = (buffer) => buffer ? btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "") : undefined;
    const publicKey = JSON.parse(this.dataset.options), make = this.dataset.act === "make";
    publicKey.challenge = bytes(publicKey.challenge);
    if (publicKey.user) publicKey.user.id = bytes(publicKey.user.id);
    for (const one of [...(publicKey.allowCredentials || []), ...(publicKey.excludeCredentials || [])]) one.id = bytes(one.id);
    const got = make ? await navigator.credentials.create({ publicKey }) : await navigator.credentials.get({ publicKey }), r = got.response;
    return {
      id: got.id, rawId: text(got.rawId), type: got.type, authenticatorAttachment: got.authenticatorAttachment || undefined, clientExtensionResults: {},
      response: {
        clientDataJSON: text(r.clientDataJSON), attestationObject: text(r.attestationObject), transports: r.getTransports?.(),
        authenticatorData: make ? undefined : text(r.authenticatorData), signature: text(r.signature), userHandle: text(r.userHandle),
      },
    };
  }
  words(error) {
    switch (error.name) {
      case "NotAllowedError": return "The device gave no passkey: it was cancelled, took too long, or there is none for this server. Try again, or sign in another way.";
      case "InvalidStateError": return "This device has a passkey of yours for this server already.";
      case "SecurityError": return "The browser allows no passkey at this address. Open the server by its own host name.";
      case "NotSupportedError": case "ConstraintError": return "This device can make no passkey that asks for a finger, a face or a PIN. Use another device or a security key with a PIN.";
    }
    return "The browser says: " + error.message;
  }
}
customElements.define("passkey-button", PasskeyButton);

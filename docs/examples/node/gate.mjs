// Middleware for an agent in Node: paste it, and let every action that matters go through
// `gate.act`. It needs nothing but Node 20 or newer.
//
//   const gate = new Gate({ url: 'https://tagout.internal.example', agent: 'mailer', approve, spent });
//   await gate.act({ channel: 'email', region: 'eu', tool: 'send_email', cost: 0.02 },
//     (signal) => send(mail, { signal }),
//     (verdict) => sendPlainTemplate(mail, verdict.fallback));

export class Gate {
  // What is left out is taken for the strict answer: nobody approves, nothing may be spent.
  //   approve(action, verdict): asks a human for one output; resolves to true or false
  //   spent(per): what was spent in the running hour, day, week or month
  //   every: how often work under way is checked, in milliseconds
  constructor({ url, agent, instance, token, approve, spent, every = 1000 }) {
    Object.assign(this, { url: url.replace(/\/+$/, ''), agent, instance, token, approve, spent, every });
  }

  // Runs work if the agent may act, and instead otherwise. Work gets a signal that is aborted
  // if the agent is halted meanwhile; a pause lets it finish.
  async act(action, work, instead) {
    const verdict = await this.ask(action);
    if (!(await this.#may(action, verdict))) return instead(verdict);
    const stop = new AbortController();
    const done = new AbortController();
    this.#watch(action, stop, done.signal);
    try {
      return await work(stop.signal);
    } finally {
      done.abort();
    }
  }

  // Asks whether the agent may act. No answer, or one that is not understood, is halted.
  async ask({ channel, region, tool }) {
    try {
      const response = await fetch(`${this.url}/ofrep/v1/evaluate/flags/${encodeURIComponent(this.agent)}.mode`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', ...(this.token && { Authorization: `Bearer ${this.token}` }) },
        body: JSON.stringify({ context: { targetingKey: this.instance, channel, region, tool } }),
        signal: AbortSignal.timeout(1000),
        redirect: 'error',
      });
      if (!response.ok) throw new Error(`status ${response.status}`);
      const { value, metadata = {} } = await response.json();
      const disabledTools = (metadata.disabledTools ?? '').split(',').map((t) => t.trim()).filter(Boolean);
      return { ...metadata, mode: value, disabledTools };
    } catch {
      return { mode: 'halted', reason: 'Tagout did not answer', disabledTools: [] };
    }
  }

  async #may(action, verdict) {
    switch (verdict.mode) {
      case 'running':
        return true;
      case 'capped':
        return this.#withinCap(action, verdict);
      case 'review': {
        const yes = await Promise.resolve(this.approve?.(action, verdict)).catch(() => false);
        if (yes !== true) return false;
        const now = await this.ask(action); // a human takes time, and a stop may have come meanwhile
        return now.mode === 'review' || now.mode === 'running' || (now.mode === 'capped' && this.#withinCap(action, now));
      }
      default:
        return false; // paused, halted, and anything unknown
    }
  }

  async #withinCap({ tool, cost = 0 }, { disabledTools, spendCap, spendCapPer }) {
    const disabled = (name) => !tool || name.startsWith('@') || name.toLowerCase() === tool.toLowerCase();
    if (disabledTools.some(disabled)) return false;
    if (spendCap === undefined) return true;
    const spent = await Promise.resolve(this.spent?.(spendCapPer)).catch(() => undefined);
    return typeof spent === 'number' && spent + cost <= spendCap;
  }

  async #watch(action, stop, done) {
    while (!done.aborted) {
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, this.every);
        done.addEventListener('abort', () => { clearTimeout(timer); resolve(); }, { once: true });
      });
      if (done.aborted) return;
      if ((await this.ask(action)).mode === 'halted') return stop.abort(new Error('halted while it was under way'));
    }
  }
}

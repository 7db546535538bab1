"use strict";

/* Subscriptions of the explorer, which come as server-sent events. */
globalThis.graphiqlSubscriptions = (() => {
  /* The results in a stream, as they come. */
  async function* results(body) {
    let text = "";
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      const events = (text + part.value).split("\n\n");
      text = events.pop();
      for (const event of events) {
        const [, data] = /^data: (.+)$/m.exec(event) ?? [];
        if (data) yield JSON.parse(data);
      }
    }
  }

  /* The same, which end at once where nobody wants more of them. */
  function endable(all, leaving) {
    const end = (error) => {
      if (leaving.signal.aborted) return { done: true, value: undefined };
      throw error;
    };
    return {
      [Symbol.asyncIterator]() {
        return this;
      },
      next: () => all.next().catch(end),
      return() {
        leaving.abort();
        return all.return().catch(end);
      },
    };
  }

  /* Asks for what may be a subscription: the server streams no other operation. */
  async function ask(asked, headers) {
    const leaving = new AbortController();
    const response = await fetch(location.pathname, {
      method: "POST",
      headers: {
        ...headers,
        Accept: "application/json, text/event-stream",
        "Content-Type": "application/json",
      },
      body: JSON.stringify(asked),
      signal: leaving.signal,
    });
    const streams = response.headers.get("Content-Type").startsWith("text/event-stream");
    return streams ? endable(results(response.body), leaving) : response.json();
  }

  /* A fetcher for all operations, by one for those with a single result. */
  return (once) => (asked, options) =>
    /\bsubscription\b/.test(asked.query) ? ask(asked, options?.headers) : once(asked, options);
})();

// The demos in the order of the document that they come from.
//
// `wire` is the picture of its traffic, one entry for each line between the two ends: '>' the page sends, '<' it receives,
// '=' both at any time.

export const demos = [
  {
    id: 'post-message',
    title: 'PostMessage',
    summary: 'Pages of two origins talk inside the browser. The server decides who may embed whom.',
    ends: ['page', 'page'],
    wire: ['>', '<'],
    files: [
      '/sources/PostMessageDemo.java',
      '/demos/post-message.js',
      '/sources/widget.js',
      '/sources/popup.js',
      '/sources/Gallery.java',
    ],
  },
  {
    id: 'xml-http-request',
    title: 'XMLHttpRequest',
    summary: 'The old faithful: JSON both ways, and events for every step of a request.',
    wire: ['>', '<'],
    files: ['/sources/XmlHttpRequestDemo.java', '/demos/xml-http-request.js'],
  },
  {
    id: 'fetch',
    title: 'Fetch',
    summary: 'Promises, streams that are read line by line, requests that can be called off, and other origins.',
    wire: ['>', '<'],
    files: ['/sources/FetchDemo.java', '/demos/fetch.js', '/sources/Gallery.java'],
  },
  {
    id: 'beacon',
    title: 'Beacon',
    summary: 'A last word from a page that does not wait for an answer.',
    wire: ['>'],
    files: ['/sources/BeaconDemo.java', '/demos/beacon.js', '/vitals.js', '/parley/beacon.js', '/sources/Gallery.java'],
  },
  {
    id: 'web-socket',
    title: 'WebSocket',
    summary: 'Messages in both directions, whenever either side has something to say. And a chat that survives a cut.',
    wire: ['=', '='],
    files: ['/sources/WebSocketDemo.java', '/demos/web-socket.js', '/demos/chat.js'],
  },
  {
    id: 'event-source',
    title: 'EventSource',
    summary: 'Open, message, error, close: one subscription and its life. And a feed that resumes without a loss.',
    wire: ['<', '<', '<'],
    files: [
      '/sources/EventSourceDemo.java',
      '/demos/event-source.js',
      '/sources/TopicDemo.java',
      '/demos/topic-feed.js',
      '/sources/Gallery.java',
    ],
  },
  {
    id: 'server-sent-events',
    title: 'Server-sent Events',
    summary: 'The server tells, the page shows. From its own origin or from another.',
    wire: ['<', '<', '<'],
    files: ['/sources/ServerSentEventsDemo.java', '/demos/server-sent-events.js', '/sources/Gallery.java'],
  },
  {
    id: 'web-rtc',
    title: 'WebRTC',
    summary: 'Two browsers see each other. The server only introduces them.',
    ends: ['page', 'page'],
    wire: ['=', '='],
    files: [
      '/sources/WebRtcDemo.java',
      '/demos/web-rtc.js',
      '/demos/call.js',
      '/test-picture.js',
      '/parley/signaling.js',
    ],
  },
  {
    id: 'progress-event',
    title: 'ProgressEvent',
    summary: 'How far along is it? What the browser has sent, and what the server has safely on its disk.',
    wire: ['>', '>', '<'],
    files: ['/sources/ProgressEventDemo.java', '/demos/progress-event.js', '/tus.js', '/kept.js', '/sources/Gallery.java'],
  },
]

/** WebSocket: strict framing and permessage-deflate, over HTTP/1.1 and HTTP/2; connections, typed JSON messages and topics. */
module dev.parley.websocket {
    requires transitive dev.parley.core;
    requires io.netty.codec;
    requires org.slf4j;
    requires tools.jackson.databind;
    requires static transitive org.jspecify;

    exports dev.parley.websocket;
    exports dev.parley.websocket.codec;
}

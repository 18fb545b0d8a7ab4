/** Server-sent events: an encoder, a parser, emitters, streams from topics, and a client for {@code text/event-stream}. */
module dev.parley.sse {
    requires transitive dev.parley.core;
    requires io.netty.codec;
    requires org.slf4j;
    requires tools.jackson.core;
    requires static transitive org.jspecify;

    exports dev.parley.sse;
    exports dev.parley.sse.codec;
}

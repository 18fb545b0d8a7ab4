/** HTTP exchanges, routes, origin policy, static files, a server on Netty, topics, and beacons. */
module dev.parley.core {
    requires transitive io.netty.buffer;
    requires transitive io.netty.codec.http;
    requires transitive io.netty.common;
    requires transitive io.netty.transport;
    requires transitive io.netty.handler;
    requires io.netty.codec;
    requires io.netty.codec.http2;
    requires io.netty.transport.classes.epoll;
    requires io.netty.transport.classes.io_uring;
    requires io.netty.transport.classes.kqueue;
    requires org.slf4j;
    requires transitive tools.jackson.databind;
    requires static transitive org.jspecify;

    exports dev.parley.beacon;
    exports dev.parley.http;
    exports dev.parley.server;
    exports dev.parley.topic;
    exports dev.parley.upload;
}

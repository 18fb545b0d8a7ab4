/** Drives Parley endpoints without a socket, a thread or a sleep, on a clock that the test owns. */
module dev.parley.testkit {
    requires transitive dev.parley.core;
    requires transitive dev.parley.signaling;
    requires transitive dev.parley.sse;
    requires transitive dev.parley.websocket;
    requires transitive org.assertj.core;
    requires transitive org.junit.jupiter.api;
    requires io.netty.codec;
    requires io.netty.codec.http2;
    requires tools.jackson.databind;
    requires static transitive org.jspecify;

    exports dev.parley.testkit;

    opens dev.parley.testkit to
            org.junit.platform.commons; // which runs the tests of contracts
}

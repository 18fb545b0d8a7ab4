package dev.parley.signaling;

import dev.parley.http.Exchange;
import io.netty.channel.embedded.EmbeddedChannel;
import java.lang.reflect.Proxy;
import java.util.Optional;

/** The exchange of nobody in particular, by an event loop on which nothing runs by itself. */
final class FakeExchange {
    private FakeExchange() {}

    static Exchange of() {
        EmbeddedChannel channel = new EmbeddedChannel();
        return (Exchange) Proxy.newProxyInstance(
                Exchange.class.getClassLoader(),
                new Class<?>[] {Exchange.class},
                (proxy, method, arguments) -> switch (method.getName()) {
                    case "eventLoop" -> channel.eventLoop();
                    case "principal" -> Optional.empty();
                    default -> throw new UnsupportedOperationException(method.getName());
                });
    }
}

package dev.parley.beacon;

import dev.parley.http.Exchange;
import dev.parley.http.Response;
import io.netty.channel.EventLoop;
import java.lang.reflect.Proxy;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/** An exchange as a queue sees it: its event loop, its executor, and what it is answered with. */
final class WaitingExchange {
    private WaitingExchange() {}

    static Exchange of(EventLoop loop, Executor executor, Consumer<Response> answers) {
        return (Exchange) Proxy.newProxyInstance(
                Exchange.class.getClassLoader(), new Class<?>[] {Exchange.class}, (proxy, method, arguments) -> {
                    return switch (method.getName()) {
                        case "eventLoop" -> loop;
                        case "executor" -> executor;
                        case "respondInTurn" ->
                            ((CompletionStage<?>) arguments[0])
                                    .thenAccept(response -> answers.accept((Response) response));
                        default -> throw new UnsupportedOperationException(method.toString());
                    };
                });
    }
}

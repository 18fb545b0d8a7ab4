package dev.parley.upload;

import dev.parley.http.Exchange;
import dev.parley.http.Problem;
import dev.parley.http.Response;
import io.netty.handler.codec.DateFormatter;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** Reads fields of which there may be one, and numbers. What is wrong is a 400. */
final class Fields {
    private Fields() {}

    /** The value of a field that may be there once. */
    static Optional<String> one(Exchange exchange, String name) {
        List<String> values = exchange.headers().getAll(name);
        if (values.size() > 1) {
            throw wrong(name + ": " + values.size() + " of them (expected: one)");
        }
        return values.isEmpty() ? Optional.empty() : Optional.of(values.get(0).strip());
    }

    /** A number of bytes: digits, and nothing else. */
    static OptionalLong bytes(Exchange exchange, String name) {
        Optional<String> value = one(exchange, name);
        return value.isEmpty() ? OptionalLong.empty() : OptionalLong.of(bytes(name, value.get()));
    }

    static long bytes(String name, String value) {
        if (value.isEmpty() || value.length() > 18 || !value.chars().allMatch(c -> c >= '0' && c <= '9')) {
            throw wrong(name + " (expected: a number of bytes, 0 to 10^18)");
        }
        return Long.parseLong(value);
    }

    /** How long the body is, or -1 if the client does not say. */
    static long bodyLength(Exchange exchange) {
        return exchange.headers().contains("Transfer-Encoding")
                ? -1
                : bytes(exchange, "Content-Length").orElse(-1);
    }

    /** Where an upload is, relative to what the client asked for: right behind a proxy that cuts off a prefix, and on no other host. */
    static String location(Exchange exchange, String id) {
        String target = exchange.target();
        int query = target.indexOf('?');
        String path = query < 0 ? target : target.substring(0, query);
        String last = path.substring(path.lastIndexOf('/') + 1);
        if (last.isEmpty()) {
            return id;
        }
        return (last.indexOf(':') < 0 ? "" : "./") + last + '/' + id;
    }

    /** An answer that says where the progress of an upload is told. */
    static Response withProgress(Response response, String location, LiveUpload upload) {
        return response.header("Upload-Progress", progress(location, upload));
    }

    static String progress(String location, LiveUpload upload) {
        return location + "/progress?token=" + upload.state().about().token();
    }

    static String date(Instant time) {
        return DateFormatter.format(Date.from(time));
    }

    static RuntimeException wrong(String detail) {
        return Problem.of(400, detail).asException();
    }
}

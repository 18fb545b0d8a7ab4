package dev.parley.http;

/** Stub: a request's target: path and query. */
record RequestTarget(String rawPath, String path, String rawQuery) {
    static RequestTarget parse(String target) {
        int q = target.indexOf('?');
        return q < 0
                ? new RequestTarget(target, target, "")
                : new RequestTarget(target.substring(0, q), target.substring(0, q), target.substring(q + 1));
    }
}

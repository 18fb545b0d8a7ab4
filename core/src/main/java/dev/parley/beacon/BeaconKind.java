package dev.parley.beacon;

import org.jspecify.annotations.Nullable;

/** What a beacon's body is, by its {@code Content-Type} alone; whether it is well-formed is another matter. */
public enum BeaconKind {
    /** {@code text/*}: what {@code sendBeacon} gives a string. It may hold JSON. */
    TEXT,
    /** {@code application/x-www-form-urlencoded}: {@code URLSearchParams}. */
    FORM,
    /** {@code multipart/form-data}: {@code FormData}. */
    MULTIPART,
    /** {@code application/json}, or another type that ends in {@code +json}. */
    JSON,
    /** {@code application/reports+json}: a batch of the Reporting API. */
    REPORT,
    /** {@code application/csp-report}: one violation, as {@code report-uri} sends it. */
    CSP_REPORT,
    /** Anything else, and what has no content type. */
    BINARY;

    private static final String JSON_SUFFIX = "+json";

    /** The kind of a content type; makes no garbage, as it is asked of every beacon. */
    static BeaconKind of(@Nullable String contentType) {
        if (contentType == null) {
            return BINARY;
        }
        int end = contentType.indexOf(';');
        end = end < 0 ? contentType.length() : end;
        int from = 0;
        while (from < end && isBlank(contentType.charAt(from))) {
            from++;
        }
        while (end > from && isBlank(contentType.charAt(end - 1))) {
            end--;
        }
        return of(contentType, from, end - from);
    }

    private static BeaconKind of(String text, int from, int length) {
        if (begins(text, from, length, "text/")) {
            return TEXT;
        }
        if (is(text, from, length, "application/json")) {
            return JSON;
        }
        if (is(text, from, length, "application/x-www-form-urlencoded")) {
            return FORM;
        }
        if (is(text, from, length, "multipart/form-data")) {
            return MULTIPART;
        }
        if (is(text, from, length, "application/reports+json")) {
            return REPORT;
        }
        if (is(text, from, length, "application/csp-report")) {
            return CSP_REPORT;
        }
        int suffix = Math.max(0, length - JSON_SUFFIX.length());
        return is(text, from + suffix, length - suffix, JSON_SUFFIX) ? JSON : BINARY;
    }

    private static boolean is(String text, int from, int length, String type) {
        return length == type.length() && begins(text, from, length, type);
    }

    private static boolean begins(String text, int from, int length, String type) {
        return length >= type.length() && text.regionMatches(true, from, type, 0, type.length());
    }

    private static boolean isBlank(char c) {
        return c == ' ' || c == '\t';
    }
}

package dev.parley.beacon;

import java.util.Locale;
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

    /** The kind of a content type. */
    static BeaconKind of(@Nullable String contentType) {
        if (contentType == null) {
            return BINARY;
        }
        int end = contentType.indexOf(';');
        String type =
                (end < 0 ? contentType : contentType.substring(0, end)).strip().toLowerCase(Locale.ROOT);
        return switch (type) {
            case "application/x-www-form-urlencoded" -> FORM;
            case "multipart/form-data" -> MULTIPART;
            case "application/json" -> JSON;
            case "application/reports+json" -> REPORT;
            case "application/csp-report" -> CSP_REPORT;
            default -> type.startsWith("text/") ? TEXT : type.endsWith("+json") ? JSON : BINARY;
        };
    }
}

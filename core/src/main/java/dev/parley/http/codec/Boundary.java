package dev.parley.http.codec;

/**
 * The boundary of a body in several parts, as its {@code Content-Type} names it
 * (<a href="https://www.rfc-editor.org/rfc/rfc2046#section-5.1.1">RFC 2046 section 5.1.1</a>).
 *
 * <p><b>Threading.</b> Immutable.
 *
 * @param text 1 to 70 of the characters that it may have
 */
public record Boundary(String text) {
    private static final int MAX_CHARS = 70;
    private static final String MARKS = "'()+_,-./:=? ";

    /**
     * Checks it.
     *
     * @param text see above
     * @throws ViolationException {@link Violation#NO_BOUNDARY}, {@link Violation#BOUNDARY_TOO_LONG}, {@link Violation#BOUNDARY_CHARACTER}
     */
    public Boundary {
        if (text.isEmpty()) {
            throw new ViolationException(Violation.NO_BOUNDARY);
        }
        if (text.length() > MAX_CHARS) {
            throw new ViolationException(Violation.BOUNDARY_TOO_LONG);
        }
        boolean allowed =
                text.chars().allMatch(c -> c < 128 && (Character.isLetterOrDigit(c) || MARKS.indexOf(c) >= 0));
        if (!allowed || text.endsWith(" ")) {
            throw new ViolationException(Violation.BOUNDARY_CHARACTER);
        }
    }

    /**
     * The boundary that a {@code Content-Type} of {@code multipart/form-data} names.
     *
     * @param contentType the field's value
     * @return the boundary
     * @throws ViolationException if it is another type, has no boundary or a wrong one, or is not well-formed
     */
    public static Boundary of(String contentType) {
        FieldValue type = FieldValue.parse(contentType);
        if (!type.value().equals("multipart/form-data")) {
            throw new ViolationException(Violation.NOT_FORM_DATA);
        }
        String text = type.parameters().get("boundary");
        if (text == null) {
            throw new ViolationException(Violation.NO_BOUNDARY);
        }
        return new Boundary(text);
    }
}

package dev.parley;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaModifier.FINAL;
import static com.tngtech.archunit.core.domain.JavaModifier.STATIC;
import static com.tngtech.archunit.lang.conditions.ArchConditions.haveModifier;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Keeps the arrows of {@code docs/architecture.md}, for all packages on the class path, present and planned. */
final class ArchitectureTest {
    /** Which packages of Parley a package may use, besides itself. A package that is not here has no place yet. */
    private static final Map<String, Set<String>> ARROWS = arrows();

    private static final JavaClasses PARLEY = new ClassFileImporter()
            .withImportOption(place -> !place.contains("/test-classes/") && !place.contains("-tests.jar"))
            .importPackages("dev.parley");

    private static Map<String, Set<String>> arrows() {
        Map<String, Set<String>> arrows = new LinkedHashMap<>();
        arrows.put("http.codec", Set.of());
        arrows.put("http", Set.of());
        arrows.put("server", Set.of("http"));
        arrows.put("topic", Set.of());
        arrows.put("beacon", Set.of("http", "http.codec", "topic"));
        arrows.put("upload", Set.of("http", "http.codec", "topic"));
        arrows.put("sse.codec", Set.of());
        arrows.put("sse", Set.of("http", "topic", "sse.codec"));
        arrows.put("websocket.codec", Set.of());
        arrows.put("websocket", Set.of("http", "topic", "websocket.codec"));
        arrows.put("signaling", Set.of("http", "topic", "sse", "sse.codec", "websocket", "websocket.codec"));
        arrows.put("redis", Set.of("topic"));
        Set<String> libraries = Set.copyOf(arrows.keySet());
        arrows.put("testkit", libraries);
        Set<String> everything =
                Stream.concat(libraries.stream(), Stream.of("testkit")).collect(Collectors.toSet());
        arrows.put("examples", everything);
        arrows.put("benchmarks", everything);
        return arrows;
    }

    static Set<String> packages() {
        return new TreeSet<>(ARROWS.keySet());
    }

    @ParameterizedTest
    @MethodSource("packages")
    void arrowsPointDownOnly(String name) {
        String[] allowed = Stream.concat(Stream.of(name), ARROWS.get(name).stream())
                .map(ArchitectureTest::named)
                .toArray(String[]::new);

        noClasses()
                .that()
                .resideInAPackage(named(name))
                .should()
                .dependOnClassesThat(resideInAnyPackage("dev.parley..").and(not(resideInAnyPackage(allowed))))
                .allowEmptyShould(true)
                .check(PARLEY);
    }

    @Test
    void everyPackageHasItsPlace() {
        Set<String> places =
                PARLEY.stream().map(JavaClass::getPackageName).collect(Collectors.toCollection(TreeSet::new));

        assertThat(places)
                .isSubsetOf(packages().stream().map(ArchitectureTest::named).toList());
    }

    @Test
    void topicsKnowOnlyTheJdk() {
        classes()
                .that()
                .resideInAPackage("dev.parley.topic")
                .should()
                .onlyDependOnClassesThat(resideInAnyPackage("java..", "dev.parley.topic", "org.jspecify.annotations"))
                .allowEmptyShould(true)
                .check(PARLEY);
    }

    @ParameterizedTest
    @ValueSource(strings = {"http.codec", "sse.codec", "websocket.codec"})
    void codecsKnowOnlyNettyTheJdkAndThemselves(String name) {
        classes()
                .that()
                .resideInAPackage(named(name))
                .should()
                .onlyDependOnClassesThat(
                        resideInAnyPackage("java..", "io.netty..", named(name), "org.jspecify.annotations"))
                .allowEmptyShould(true)
                .check(PARLEY);
    }

    @Test
    void packagesFormNoCircle() {
        slices().matching("dev.parley.(**)").should().beFreeOfCycles().check(PARLEY);
    }

    @Test
    void noPackageHidesALackOfPlace() {
        noClasses()
                .should()
                .resideInAnyPackage("..util..", "..common..", "..impl..", "..internal..")
                .check(PARLEY);
    }

    @Test
    void publicTypesAreNamedForWhatTheyAre() {
        noClasses()
                .that()
                .arePublic()
                .should()
                .haveNameMatching(".*[.$](Abstract[A-Z].*|Default[A-Z].*|[^.$]*(Impl|Utils|Manager))")
                .check(PARLEY);
    }

    /** But for the tests that whoever implements an SPI extends. */
    @Test
    void publicClassesAreFinal() {
        classes()
                .that()
                .arePublic()
                .and()
                .areNotInterfaces()
                .and()
                .areNotEnums()
                .and()
                .haveNameNotMatching("dev\\.parley\\.testkit\\.[A-Za-z]+Contract")
                .should(haveModifier(FINAL))
                .check(PARLEY);
    }

    @Test
    void publicFieldsAreConstants() {
        fields().that()
                .arePublic()
                .should(haveModifier(STATIC).and(haveModifier(FINAL)))
                .allowEmptyShould(true)
                .check(PARLEY);
    }

    private static String named(String name) {
        return "dev.parley." + name;
    }
}

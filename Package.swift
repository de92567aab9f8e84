// swift-tools-version: 6.2
import PackageDescription

/// `./test` and CI set this so that a warning fails the build; a user's newer compiler does not.
let strict = Context.environment["STILLWATCH_WARNINGS_AS_ERRORS"] == "1"

let settings: [SwiftSetting] =
    [.enableUpcomingFeature("MemberImportVisibility"), .enableUpcomingFeature("ExistentialAny")]
    + (strict ? [.treatAllWarnings(as: .error)] : [])

/// The program of `Benchmarks`, built a second time as a part of this package so that `./test`, which counts its
/// instructions, need not build everything twice.
let counted: [Target] =
    strict
    ? [
        .executableTarget(
            name: "counted",
            dependencies: ["Exchanges", "Sketches", "Detection", "Scanning", "Simulation"],
            path: "Benchmarks/Sources/benchmarks", swiftSettings: settings)
    ] : []

let package = Package(
    name: "stillwatch",
    products: [.executable(name: "stillwatch", targets: ["stillwatch"])]
        // What Benchmarks takes.
        + ["Exchanges", "Sketches", "Detection", "Scanning", "Simulation"].map { module in
            .library(name: module, targets: [module])
        },
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // Debian's C and C++ libraries.
        .systemLibrary(name: "CCompression", pkgConfig: "libzstd"),
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(
            name: "CHyperscan", pkgConfig: "libhs", providers: [.apt(["libhyperscan-dev"])]),
        .target(
            name: "CLeiden", linkerSettings: [.linkedLibrary("igraph")]),
        .target(name: "CSimdjson", linkerSettings: [.linkedLibrary("simdjson")]),
        .target(name: "CNative"),

        // The pipeline, left to right.
        .target(name: "Exchanges", dependencies: ["CSimdjson"], swiftSettings: settings),
        .target(name: "Sketches", swiftSettings: settings),
        .target(
            name: "Detection",
            dependencies: ["Exchanges", "Sketches", "CHyperscan", "CLeiden", "CNative"],
            swiftSettings: settings),
        .target(
            name: "Scanning",
            dependencies: [
                "Exchanges", "Sketches", "Detection", "CCompression", "CCrypto", "CSimdjson",
            ],
            swiftSettings: settings),
        .target(name: "CaseFiles", dependencies: ["Detection"], swiftSettings: settings),
        .target(
            name: "Watching", dependencies: ["Exchanges", "Sketches", "Detection", "Scanning"],
            swiftSettings: settings),
        .target(name: "Simulation", dependencies: ["CCompression"], swiftSettings: settings),
        .target(
            name: "Drills",
            dependencies: ["Exchanges", "Sketches", "Detection", "Scanning", "Simulation"],
            swiftSettings: settings),
        .executableTarget(
            name: "stillwatch",
            dependencies: [
                "Exchanges", "Detection", "Scanning", "CaseFiles", "Watching", "Simulation",
                "Drills",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Yams", package: "Yams"),
            ], swiftSettings: settings),

        .testTarget(
            name: "ExchangesTests", dependencies: ["Exchanges"], exclude: ["Fixtures"],
            swiftSettings: settings),
        .testTarget(name: "SketchesTests", dependencies: ["Sketches"], swiftSettings: settings),
        .testTarget(
            name: "DetectionTests", dependencies: ["Detection", "Exchanges", "Sketches"],
            swiftSettings: settings),
        .testTarget(
            name: "ScanningTests",
            dependencies: [
                "Scanning", "Exchanges", "Detection", "Sketches", "Simulation", "CCompression",
            ],
            swiftSettings: settings),
        .testTarget(
            name: "CaseFilesTests", dependencies: ["CaseFiles", "Detection"],
            swiftSettings: settings),
        .testTarget(
            name: "DrillsTests",
            dependencies: ["Drills", "Scanning", "Detection", "Simulation", "Sketches"],
            swiftSettings: settings),
        .testTarget(
            name: "WatchingTests",
            dependencies: [
                "Watching", "Scanning", "Exchanges", "Detection", "Sketches", "Simulation",
                "CCompression",
            ], exclude: ["Receiver.py"], swiftSettings: settings),
        .testTarget(name: "SimulationTests", dependencies: ["Simulation"], swiftSettings: settings),
    ] + counted,
    cLanguageStandard: .c11,
    cxxLanguageStandard: .cxx17
)

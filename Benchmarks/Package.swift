// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that whoever uses Stillwatch builds no benchmarks.
let package = Package(
    name: "benchmarks",
    dependencies: [.package(name: "stillwatch", path: "..")],
    targets: [
        .executableTarget(
            name: "benchmarks",
            dependencies: [
                "Exchanges", "Sketches", "Detection", "Scanning", "Simulation", "Watermarking",
            ].map {
                .product(name: $0, package: "stillwatch")
            },
            swiftSettings: [
                .enableUpcomingFeature("MemberImportVisibility"),
                .enableUpcomingFeature("ExistentialAny"),
            ])
    ]
)

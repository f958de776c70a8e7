// swift-tools-version: 6.1
import PackageDescription

let package = Package(
    name: "nctd",
    products: [
        .executable(name: "nctd", targets: ["nctd"]),
        .library(name: "NCTEngine", targets: ["NCTEngine"]),
        .library(name: "ImageFiles", targets: ["ImageFiles"]),
        .library(name: "SmearPhantom", targets: ["SmearPhantom"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // System libraries: a module map and a shim each.
        .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
        .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
        .systemLibrary(name: "CJPEG", pkgConfig: "libjpeg", providers: [.apt(["libjpeg-dev"])]),
        .systemLibrary(name: "CTIFF", pkgConfig: "libtiff-4", providers: [.apt(["libtiff-dev"])]),
        .systemLibrary(name: "CLittleCMS", pkgConfig: "lcms2", providers: [.apt(["liblcms2-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CInotifyTools", providers: [.apt(["libinotifytools0-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CSeccomp", pkgConfig: "libseccomp", providers: [.apt(["libseccomp-dev"])]),
        .systemLibrary(name: "CSystemd", pkgConfig: "libsystemd", providers: [.apt(["libsystemd-dev"])]),

        // Sums and products that cannot end the process, for numbers out of files.
        .target(name: "CheckedArithmetic"),
        // What Swift's own C library lacks for files.
        .target(name: "CFiles"),
        // Files: errors of the system, reading and writing as a whole, numbers out of bytes.
        .target(name: "Files", dependencies: ["CFiles", "CheckedArithmetic"]),
        // SHA-256.
        .target(name: "Digests", dependencies: ["COpenSSL"]),
        // Hot kernels in C.
        .target(name: "CKernels"),
        // The weights of the engine's own networks, as bytes of the program.
        .target(name: "CSmearNet", exclude: ["smearnet.safetensors", "kindnet.safetensors"]),
        // libpng and libjpeg report errors by longjmp, which only C may catch.
        .target(
            name: "CImageCodecs", dependencies: ["CPNG", "CJPEG", "CTIFF", "CLittleCMS", "CZlib"]),

        // Descriptors through a socket, and a filter of system calls.
        .target(name: "CWorkers", dependencies: ["CSeccomp"]),

        .target(
            name: "NCTEngine",
            dependencies: [
                "CheckedArithmetic", "CKernels", "COpenBLAS", "CSmearNet", "Digests",
            ]),
        .target(
            name: "ImageFiles",
            dependencies: [
                "CheckedArithmetic", "CImageCodecs", "Digests", "Files", "NCTEngine",
            ]),
        .target(name: "SmearPhantom", dependencies: ["NCTEngine"]),
        .target(name: "Pictures", dependencies: ["NCTEngine"]),
        .target(
            name: "Config",
            dependencies: ["Files", "NCTEngine", .product(name: "TOMLKit", package: "TOMLKit")]),
        // What the commands and a daemon share: from a profile to a prepared engine, from a capture to image and sidecar.
        .target(
            name: "Jobs",
            dependencies: [
                "CheckedArithmetic", "Digests", "Files", "NCTEngine", "ImageFiles", "Config",
            ]),
        // The daemon: what arrives, what is known of it, what is done about it.
        .target(name: "Watching", dependencies: ["CheckedArithmetic", "CInotifyTools", "Config", "Files"]),
        .target(
            name: "Ledger", dependencies: ["Config", "Files", "Watching", .product(name: "GRDB", package: "GRDB.swift")]),
        // Notifications, the watchdog and the journal.
        .target(name: "SystemdBridge", dependencies: ["CSystemd"]),
        .target(
            name: "Daemon",
            dependencies: [
                "CheckedArithmetic", "Watching", "Ledger", "Jobs", "Config", "ImageFiles", "NCTEngine", "SystemdBridge",
                "CWorkers", "Digests", "Files",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ]),
        .target(
            name: "Commands",
            dependencies: [
                "NCTEngine", "ImageFiles", "Pictures", "Config", "Jobs", "SmearPhantom", "Watching", "Ledger", "Daemon",
                "SystemdBridge", "Files",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ]),
        .executableTarget(name: "nctd", dependencies: ["Commands"]),

        .target(name: "TestSupport", dependencies: ["NCTEngine"], path: "Tests/TestSupport"),
        // Each kernel's twin in plain loops, which the tests hold it against.
        .target(name: "CKernelTwins", dependencies: ["CKernels"], path: "Tests/KernelTwins"),
        .testTarget(
            name: "NCTEngineTests",
            dependencies: ["NCTEngine", "CKernels", "CKernelTwins", "SmearPhantom", "ImageFiles", "TestSupport"],
            exclude: ["Resources"]),
        .testTarget(
            name: "ImageFilesTests", dependencies: ["ImageFiles", "CImageCodecs", "Watching", "TestSupport"]),
        .testTarget(name: "DigestsTests", dependencies: ["Digests"]),
        .testTarget(name: "FilesTests", dependencies: ["Files", "TestSupport"]),
        .testTarget(name: "SmearPhantomTests", dependencies: ["SmearPhantom", "TestSupport"]),
        .testTarget(name: "PicturesTests", dependencies: ["Pictures", "TestSupport"]),
        .testTarget(name: "ConfigTests", dependencies: ["Config", "NCTEngine", "TestSupport"]),
        .testTarget(
            name: "WatchingTests", dependencies: ["CheckedArithmetic", "Watching", "Config", "NCTEngine", "TestSupport"]),
        .testTarget(name: "JobsTests", dependencies: ["Config", "Jobs", "NCTEngine", "TestSupport"]),
        .testTarget(
            name: "LedgerTests", dependencies: ["Ledger", "TestSupport", .product(name: "GRDB", package: "GRDB.swift")]),
        .testTarget(
            name: "DaemonTests",
            dependencies: [
                "Daemon", "Files", "SmearPhantom", "TestSupport", "nctd",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]),
        .testTarget(
            name: "CommandsTests",
            dependencies: ["Commands", "Jobs", "ImageFiles", "NCTEngine", "SmearPhantom", "nctd", "TestSupport"]),
    ],
    swiftLanguageModes: [.v6]
)

// What `tools/fuzz` drives: built for it alone, for it needs libFuzzer.
if Context.environment["NCTD_FUZZ"] != nil {
    package.targets.append(
        .executableTarget(
            name: "nctd-fuzz", dependencies: ["Config", "ImageFiles", "Jobs", "NCTEngine", "Watching"],
            path: "Tests/Fuzz/Parsers"))
}

#include "ingest/git_place.hpp"

#include "files.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

using namespace macp;
namespace fs = std::filesystem;

namespace {

/// A folder with repositories laid out as git does it.
struct Repositories {
    Repositories() : root{fs::canonical(temp.path())}, shop{root / "shop"} {
        fs::create_directories(shop / ".git/worktrees/cart");
        testing::write(shop / ".git/HEAD", "ref: refs/heads/main\n");
    }
    void link(fs::path const& top, std::string const& git_directory) const {
        fs::create_directories(top / "deep/down");
        testing::write(top / ".git", "gitdir: " + git_directory + "\n");
    }
    testing::TempDir temp;
    fs::path root;
    fs::path shop;
};

std::string repository(fs::path const& directory) {
    auto const place = ingest::find_git_place(directory.string());
    return place ? place->repository : "none";
}

std::string worktree(fs::path const& directory) {
    auto const place = ingest::find_git_place(directory.string());
    return place ? place->worktree : "none";
}

}  // namespace

TEST_SUITE("git place") {
    TEST_CASE("finds the repository above a directory") {
        Repositories const here;
        fs::create_directories(here.shop / "src/deep");
        CHECK(repository(here.shop / "src/deep") == here.shop);
        CHECK(worktree(here.shop / "src/deep") == here.shop);
        CHECK(repository(here.shop) == here.shop);
    }

    TEST_CASE("follows a linked worktree to its main repository") {
        Repositories const here;
        auto const cart = here.root / "cart";
        here.link(cart, (here.shop / ".git/worktrees/cart").string());
        testing::write(here.shop / ".git/worktrees/cart/commondir", "../..\n");
        CHECK(repository(cart / "deep/down") == here.shop);
        CHECK(worktree(cart / "deep/down") == cart);
        testing::write(here.shop / ".git/worktrees/cart/commondir", (here.shop / ".git").string() + "/\n");
        CHECK(repository(cart) == here.shop);
        here.link(cart, "../shop/.git/worktrees/cart");
        CHECK(repository(cart) == here.shop);
    }

    TEST_CASE("takes a bare repository with worktrees for the repository itself") {
        Repositories const here;
        auto const bare = here.root / "shop.git";
        fs::create_directories(bare / "worktrees/cart");
        testing::write(bare / "worktrees/cart/commondir", "../..");
        here.link(here.root / "cart", (bare / "worktrees/cart").string());
        CHECK(repository(here.root / "cart") == bare);
    }

    TEST_CASE("takes a submodule for a repository of its own") {
        Repositories const here;
        fs::create_directories(here.shop / ".git/modules/lib");
        here.link(here.shop / "lib", "../.git/modules/lib");
        CHECK(repository(here.shop / "lib/deep") == here.shop / "lib");
    }

    TEST_CASE("knows nothing of directories that are not here, and of broken links") {
        Repositories const here;
        CHECK_FALSE(ingest::find_git_place((here.shop / "gone").string()));
        CHECK_FALSE(ingest::find_git_place("shop"));
        CHECK_FALSE(ingest::find_git_place(""));
        CHECK_FALSE(ingest::find_git_place(here.shop.string() + std::string{"\0x", 2}));
        CHECK_FALSE(ingest::find_git_place((here.shop / ".git/HEAD").string()));
        fs::create_directories(here.root / "odd");
        testing::write(here.root / "odd/.git", "nonsense");
        CHECK_FALSE(ingest::find_git_place((here.root / "odd").string()));
        fs::create_directories(here.root / "empty/.git");
        CHECK(repository(here.root / "empty") == repository(here.root));
    }
}

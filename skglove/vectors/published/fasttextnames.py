"""The names of fastText's published vectors.

Names and locations are those of Facebook's pages (https://github.com/facebookresearch/fastText/tree/main/docs:
``crawl-vectors.md``, ``pretrained-vectors.md`` and ``english-vectors.md``), with their codes of languages. These pages
publish no checksums, and round numbers of words for the English sets only, so that a download is checked by the size
that the server announces, by the checksum within a gzipped or zipped file, and by the number of words in the file's
first line. The one checksum below is that of gensim-data's copy.

All are under the Creative Commons Attribution-Share-Alike License 3.0.
"""

from __future__ import annotations

from collections.abc import Iterator

from skglove.vectors.published.named import NamedVectors, RemoteFile

LICENCE = "CC BY-SA 3.0 (https://creativecommons.org/licenses/by-sa/3.0/)"

_FACEBOOK = "https://dl.fbaipublicfiles.com/fasttext"
_GENSIM = "https://github.com/RaRe-Technologies/gensim-data/releases/download"


def _codes(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# https://fasttext.cc/docs/en/crawl-vectors.html speaks of 157 languages; its table has 158
_CRAWL = _codes("""
af als am an ar arz as ast az azb ba bar bcl be bg bh bn bo bpy br bs ca ce ceb ckb co cs cv cy da de diq dv el
eml en eo es et eu fa fi fr frr fy ga gd gl gom gu gv he hi hif hr hsb ht hu hy ia id ilo io is it ja jv ka kk
km kn ko ku ky la lb li lmo lt lv mai mg mhr min mk ml mn mr mrj ms mt mwl my myv mzn nah nap nds ne new nl nn
no nso oc or os pa pam pfl pl pms pnb ps pt qu rm ro ru sa sah sc scn sco sd sh si sk sl so sq sr su sv sw ta te
tg th tk tl tr tt ug uk ur uz vec vi vls vo wa war xmf yi yo zea zh
""")

# https://fasttext.cc/docs/en/pretrained-vectors.html
_WIKIPEDIA = _codes("""
aa ab ace ady af ak als am an ang ar arc arz as ast av ay az azb ba bar bat_smg bcl be bg bh bi bjn bm bn bo bpy
br bs bug bxr ca cbk_zam cdo ce ceb ch cho chr chy ckb co cr crh cs csb cu cv cy da de diq dsb dv dz ee el eml
en eo es et eu ext fa ff fi fiu_vro fj fo fr frp frr fur fy ga gag gan gd gl glk gn gom got gu gv ha hak haw he
hi hif ho hr hsb ht hu hy hz ia id ie ig ii ik ilo io is it iu ja jam jbo jv ka kaa kab kbd kg ki kj kk kl km kn
ko koi kr krc ks ksh ku kv kw ky la lad lb lbe lez lg li lij lmo ln lo lrc lt ltg lv mai map_bms mdf mg mh mhr
mi min mk ml mn mo mr mrj ms mt mus mwl my myv mzn na nah nap nds nds_nl ne new ng nl nn no nov nrm nso nv ny oc
olo om or os pa pag pam pap pcd pdc pfl pi pih pl pms pnb pnt ps pt qu rm rmy rn ro roa_rup roa_tara ru rue rw
sa sah sc scn sco sd se sg sh si simple sk sl sm sn so sq sr srn ss st stq su sv sw szl ta tcy te tet tg th ti
tk tl tn to tpi tr ts tt tum tw ty tyv udm ug uk ur uz ve vec vep vi vls vo wa war wo wuu xal xh xmf yi yo za
zea zh zh_classical zh_min_nan zh_yue zu
""")

# in bytes, from the logs of users who downloaded them
_REPORTED = {
    "cc.en.300.vec.gz": 1325960915,
    "cc.de.300.vec.gz": 1278030050,
    "crawl-300d-2M.vec.zip": 1523785255,
    "wiki-news-300d-1M.vec.zip": 681808098,
}

# https://github.com/piskvorky/gensim-data/blob/master/list.json
_GENSIM_FILE = "fasttext-wiki-news-subwords-300"
_GENSIM_SIZE, _GENSIM_MD5 = 1005007116, "md5:de2bb3a20c46ce65c9c131e1ad9a77af"


def entries() -> Iterator[NamedVectors]:
    """Yield all of fastText's vectors that have a name.

    Yields
    ------
    NamedVectors
    """
    yield from _english()
    corpus, family = "Common Crawl, Wikipedia", "fasttext.cc.<language>.300d"
    for code in _CRAWL:
        path = f"vectors-crawl/cc.{code}.300.vec.gz"
        yield _entry(f"fasttext.cc.{code}.300d", path, corpus, family=family)
    corpus, family = "Wikipedia", "fasttext.wiki.<language>.300d"
    for code in _WIKIPEDIA:
        path = f"vectors-wiki/wiki.{code}.vec"
        yield _entry(f"fasttext.wiki.{code}.300d", path, corpus, cased=False, family=family)


def _english() -> Iterator[NamedVectors]:
    crawl, news = "Common Crawl", "Wikipedia 2017, UMBC webbase, news"
    for name, words, corpus in (
        ("wiki-news-300d-1M", 1_000_000, news),
        ("wiki-news-300d-1M-subword", 1_000_000, news),
        ("crawl-300d-2M", 2_000_000, crawl),
        ("crawl-300d-2M-subword", 2_000_000, crawl),
    ):
        # the archive of the last one contains a model, too
        archive = f"{name}.zip" if name == "crawl-300d-2M-subword" else f"{name}.vec.zip"
        mirrors: tuple[RemoteFile, ...] = ()
        aliases: tuple[str, ...] = ()
        if name == "wiki-news-300d-1M-subword":
            url = f"{_GENSIM}/{_GENSIM_FILE}/{_GENSIM_FILE}.gz"
            mirrors, aliases = (RemoteFile(url, _GENSIM_SIZE, _GENSIM_MD5),), (_GENSIM_FILE,)
        path = f"vectors-english/{archive}"
        yield _entry(
            f"fasttext.{name}", path, corpus, words=words, member=f"{name}.vec", mirrors=mirrors, aliases=aliases
        )


def _entry(
    name: str,
    path: str,
    corpus: str,
    *,
    words: int | None = None,
    cased: bool = True,
    member: str | None = None,
    mirrors: tuple[RemoteFile, ...] = (),
    aliases: tuple[str, ...] = (),
    family: str | None = None,
) -> NamedVectors:
    file = RemoteFile(f"{_FACEBOOK}/{path}", member=member)
    reported = _REPORTED.get(path.rpartition("/")[2])
    return NamedVectors(name, 300, words, corpus, cased, (*mirrors, file), LICENCE, aliases, family, reported)

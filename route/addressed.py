"""How a letter speaks to those whom it asks: they are not the ones it complains of."""

import re

from route.widths import both_widths

ADDRESSED = re.compile(
    both_widths(
        r"(?:尊敬|敬爱|亲爱)的[^。！？，：:,]{1,14}?(?:领导们?|同志们?|市长|书记|主任|局长|您好|你好|[，：:,])"
        r"|^[^。！？，]{0,16}?(?:领导|市长|书记|局长|主任|同志)(?:们)?[：:，,]?(?:您好|你好|们好)"
        r"|(?:恳请|请求|敬请|请|望|希望|盼|建议|要求|呼吁)[^。！？，]{0,12}?"
        r"(?=严查|彻查|查处|查办|查一查|调查|核查|核实|查明|介入|立案|追究|严肃|依法|尽快|给予|给个|关注|重视|监督|做主|派人|为民|为老百姓|管管|管一管|过问)"
    )
)
